from __future__ import annotations

from dataclasses import replace

import pytest

from signalstream.cli.dead_letters import Filed, Noted, entry, key_of, letters, tenant_of
from signalstream.models.dead_letter import DeadLetterNote
from signalstream.streaming.values import encode
from tests.cli.letters import FAILED_AT, LETTERS, letter

TIME_MS = int(FAILED_AT.timestamp() * 1000)


def note(kind: str, of: str, minutes: int = 0) -> DeadLetterNote:
    return DeadLetterNote.model_validate({"note": kind, "letter": of, "at": letter(minutes=minutes).failed_at})


def test_a_letter_survives_the_topic_with_its_original_bytes() -> None:
    read = entry(0, 5, TIME_MS, encode(letter()))
    assert isinstance(read, Filed)
    assert (read.id, read.time) == ("0-5", FAILED_AT)
    assert read.letter is not None
    assert read.letter.value == b"\xffoops"


@pytest.mark.parametrize("value", [None, b"", b"not json", b'{"v":1}', b"\xff\xfe"])
def test_bytes_that_are_no_letter_are_kept_as_unreadable(value: bytes | None) -> None:
    read = entry(3, 9, TIME_MS, value)
    assert isinstance(read, Filed)
    assert read.letter is None


def test_a_letter_that_was_moved_keeps_its_id_and_is_there_once() -> None:
    first = entry(1, 0, TIME_MS, encode(letter()))
    moved = entry(1, 7, TIME_MS, encode(letter()), [("filed", b"1-0")])
    (each,) = letters([first, moved])
    assert (each.id, each.offset) == ("1-0", 7)


@pytest.mark.parametrize("header", [b"", b"x", b"1-", b"\xff", b"1-2\n"])
def test_a_header_that_is_no_id_renames_no_letter(header: bytes) -> None:
    read = entry(1, 7, TIME_MS, encode(letter()), [("filed", header)])
    assert isinstance(read, Filed)
    assert read.id == "1-7"


def test_notes_are_no_letters_and_say_what_was_done_with_one_last() -> None:
    notes = [Noted(1, 8, note("redriven", "1-0", 3)), Noted(1, 9, note("redriven", "1-0", 5))]
    read = entry(1, 8, TIME_MS, encode(notes[0].note))
    assert read == notes[0]
    told = {each.id: each for each in letters([*LETTERS, *reversed(notes), Noted(0, 6, note("purged", "0-5", 1))])}
    assert told["1-0"] == replace(LETTERS[1], redriven_at=letter(minutes=5).failed_at)
    assert told["0-5"] == replace(LETTERS[0], purged_at=letter(minutes=1).failed_at)
    assert told["1-1"] == LETTERS[2]
    assert len(told) == len(LETTERS)


def test_letters_come_oldest_first_wherever_they_lie() -> None:
    assert [each.id for each in letters(reversed(LETTERS))] == ["0-5", "3-9", "1-0", "1-1"]


@pytest.mark.parametrize("key", [None, b"", b"no-slash", b"\xff", b"ACME/c-1"])
def test_a_key_that_is_no_conversation_leaves_the_tenant_to_the_header(key: bytes | None) -> None:
    assert key_of(letter(key=key)) is None
    assert tenant_of(letter(key=key)) is None
    assert tenant_of(letter(key=key, headers={"tenant-id": "zeta"})) == "zeta"
    assert tenant_of(letter(headers={"tenant-id": "zeta"})) == "acme"
