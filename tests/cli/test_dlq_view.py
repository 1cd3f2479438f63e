from __future__ import annotations

from dataclasses import replace

import pytest

from signalstream.cli.dlq_view import COLUMNS, conversation, details, line
from signalstream.models.dead_letter import Whole
from tests.cli.letters import FAILED_AT, LETTERS, RAW, filed, letter
from tests.security.vaults import VaultTopic


def test_a_line_says_when_why_where_and_whose() -> None:
    assert line(LETTERS[0]) == (
        "0-5", "2026-01-31T12:00:00.000Z", "undecodable", "conversation", f"{RAW} 2-40", "acme/c-1", "-",
        "the value is not a Message",
    )  # fmt: skip
    assert line(LETTERS[3])[:3] == ("3-9", "-", "unreadable")
    assert {len(line(each)) for each in LETTERS} == {len(COLUMNS)}


def test_a_line_says_when_a_letter_was_sent_back_and_whether_a_purge_broke_off() -> None:
    assert line(replace(LETTERS[0], redriven_at=FAILED_AT))[6] == "2026-01-31T12:00:00.000Z"
    assert line(replace(LETTERS[3], redriven_at=FAILED_AT, purged_at=FAILED_AT))[6] == "purge unfinished"


@pytest.mark.parametrize("key", [None, b"", b"no-slash", b"\xff", b"ACME/c-1"])
def test_a_key_that_is_no_conversation_is_a_dash(key: bytes | None) -> None:
    assert conversation(letter(key=key)) == "-"


def test_the_original_bytes_are_shown_only_when_asked_for() -> None:
    each = filed(0, 5, letter(value=b'{"text":"my card is 4111"}'))
    assert "4111" not in str(details(each, with_value=False))
    assert details(each, with_value=True)["value"] == {"text": "my card is 4111"}
    assert details(LETTERS[0], with_value=True)["value"] == "\\xffoops"


def test_headers_of_another_program_are_shown_only_when_asked_for() -> None:
    each = filed(0, 5, letter(headers={"x-request-id": "req-7", "tenant-id": "jo@example.com", "note": "4111"}))
    assert details(each, with_value=False)["headers"] == {"x-request-id": "req-7"}
    assert details(each, with_value=True)["headers"]["note"] == "4111"


def test_details_say_what_was_done_and_how_large_a_cut_value_was() -> None:
    cut = filed(0, 5, letter(whole=Whole(size=900_000, sha256="0" * 64)))
    told = details(replace(cut, redriven_at=FAILED_AT, purged_at=FAILED_AT), with_value=False)
    assert told["whole"] == {"size": 900_000, "sha256": "0" * 64}
    assert told["redriven_at"] == told["purge_began_at"] == "2026-01-31T12:00:00.000Z"
    assert {"whole", "redriven_at", "purge_began_at"}.isdisjoint(details(LETTERS[0], with_value=False))
    assert details(LETTERS[3], with_value=True)["reason"] == "unreadable"


async def test_a_value_that_was_sealed_at_its_origin_is_shown_opened_and_a_cut_one_says_why_it_is_not():
    vault = VaultTopic().vault()
    await vault.prepare(b"acme/c-1")
    sealed = vault.seal(RAW, b"acme/c-1", b'{"text":"my card is 4111"}')
    whole, cut = (filed(0, 1, letter(value=sealed, whole=each)) for each in (None, Whole(size=9, sha256="0" * 64)))

    assert details(whole, True, vault)["value"] == {"text": "my card is 4111"}
    assert "cut" in str(details(cut, True, vault)["value"])
    await vault.destroy("acme")
    assert "destroyed" in str(details(whole, True, vault)["value"])
