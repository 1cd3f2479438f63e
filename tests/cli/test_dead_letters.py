from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from signalstream.cli.dead_letters import Filed, conversation, details, filed, line, redrive_of, select
from signalstream.errors import ConfigurationError
from signalstream.models.dead_letter import DeadLetter, Origin
from signalstream.streaming.values import encode

RAW = "support.messages.raw"
FAILED_AT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def letter(
    reason: str = "undecodable",
    stage: str = "conversation",
    key: bytes | None = b"acme/c-1",
    value: bytes = b"\xffoops",
) -> DeadLetter:
    return DeadLetter(
        reason=reason, detail="the value is not a Message", stage=stage, attempts=1, failed_at=FAILED_AT,
        origin=Origin(topic=RAW, partition=2, offset=40), headers={"correlation_id": "req-7"},
        key=None if key is None else base64.b64encode(key), value=base64.b64encode(value),
    )  # fmt: skip


LETTERS = [
    Filed(0, 5, letter()),
    Filed(1, 0, letter(reason="exhausted", stage="pii")),
    Filed(1, 1, letter(reason="exhausted", stage="summary")),
    Filed(3, 9, None),
]


def test_a_letter_survives_the_topic_with_its_original_bytes() -> None:
    read = filed(0, 5, encode(letter()))
    assert read.id == "0-5"
    assert read.letter is not None
    assert read.letter.value == b"\xffoops"


@pytest.mark.parametrize("value", [None, b"", b"not json", b'{"v":1}', b"\xff\xfe"])
def test_bytes_that_are_no_letter_are_listed_as_unreadable(value: bytes | None) -> None:
    read = filed(3, 9, value)
    assert read.letter is None
    assert line(read)[:3] == ("3-9", "-", "unreadable")
    assert details(read, with_value=True)["reason"] == "unreadable"


def test_a_line_says_when_why_where_and_whose() -> None:
    assert line(LETTERS[0]) == (
        "0-5", "2026-01-31T12:00:00.000Z", "undecodable", "conversation", f"{RAW} 2-40", "acme/c-1",
        "the value is not a Message",
    )  # fmt: skip


@pytest.mark.parametrize("key", [None, b"", b"no-slash", b"\xff", b"ACME/c-1"])
def test_a_key_that_is_no_conversation_is_a_dash(key: bytes | None) -> None:
    assert conversation(letter(key=key)) == "-"


def test_the_original_bytes_are_shown_only_when_asked_for() -> None:
    each = Filed(0, 5, letter(value=b'{"text":"my card is 4111"}'))
    assert "4111" not in str(details(each, with_value=False))
    assert details(each, with_value=True)["value"] == {"text": "my card is 4111"}
    assert details(LETTERS[0], with_value=True)["value"] == "\\xffoops"
    assert details(each, with_value=False)["headers"] == {"correlation_id": "req-7"}


def test_letters_are_chosen_by_id_reason_and_stage() -> None:
    assert [each.id for each in select(LETTERS)] == ["0-5", "1-0", "1-1", "3-9"]
    assert [each.id for each in select(LETTERS, ["1-1", "0-5", "1-1"])] == ["1-1", "0-5"]
    assert [each.id for each in select(LETTERS, reason="exhausted")] == ["1-0", "1-1"]
    assert [each.id for each in select(LETTERS, reason="exhausted", stage="pii")] == ["1-0"]
    assert select(LETTERS, ["0-5"], stage="pii") == []


@pytest.mark.parametrize("name", ["7", "0-99", "a-b", "--all", "0-5 "])
def test_an_id_that_is_not_there_is_an_error_that_names_it(name: str) -> None:
    with pytest.raises(ConfigurationError, match="dlq list"):
        select(LETTERS, [name])


def test_a_redriven_letter_is_the_original_record_with_one_header_more() -> None:
    record = redrive_of(LETTERS[0], {RAW})
    assert (record.topic, record.key, record.value) == (RAW, b"acme/c-1", b"\xffoops")
    assert dict(record.headers) == {"correlation_id": b"req-7", "redriven": b"0-5"}


def test_the_key_decides_the_partition_and_a_record_without_one_returns_to_its_own() -> None:
    assert redrive_of(LETTERS[0], {RAW}).partition is None
    assert redrive_of(Filed(0, 6, letter(key=None)), {RAW}).partition == 2


def test_a_letter_from_an_unknown_topic_or_without_origin_is_not_sent() -> None:
    with pytest.raises(ConfigurationError, match="SIGNALSTREAM_TOPIC_PREFIX"):
        redrive_of(LETTERS[0], {"other.messages.raw"})
    with pytest.raises(ConfigurationError, match="unreadable"):
        redrive_of(LETTERS[3], {RAW})
