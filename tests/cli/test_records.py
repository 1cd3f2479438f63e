from __future__ import annotations

import io
import json

import pytest

from signalstream.ai.bulk import Said
from signalstream.cli.records import MOST_LINE_BYTES, BadLineError, lines_of, read_record
from signalstream.models.messages import Sender


def test_a_text_is_one_message_of_a_customer() -> None:
    record = read_record(b'{"id": 7, "text": "hello", "more": true}')
    assert (record.id, record.said()) == (7, (Said(Sender.CUSTOMER, "hello"),))


def test_a_conversation_keeps_its_messages_in_order() -> None:
    messages = [{"sender": "agent", "message": "hi"}, {"sender": "customer", "message": "hello", "at": 1}]
    record = read_record(json.dumps({"id": "c", "messages": messages}).encode())
    assert record.said() == (Said(Sender.AGENT, "hi"), Said(Sender.CUSTOMER, "hello"))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"nonsense", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[1]", "no JSON object"),
        (b'{"text": "x"}', "id: Field required"),
        (b'{"id": null, "text": "x"}', "id"),
        (b'{"id": 1}', "either text or messages"),
        (b'{"id": 1, "text": "x", "messages": []}', "messages"),
        (b'{"id": 1, "text": "  "}', "white space"),
        (b'{"id": 1, "text": 5}', "text"),
        (b'{"id": 1, "text": "\\ud800"}', "text"),
        (b'{"id": 1, "text": "' + b"x" * 10_001 + b'"}', "10000 characters"),
        (b'{"id": 1, "messages": [{"sender": "boss", "message": "x"}]}', "messages.0.sender"),
        (b'{"id": 1, "messages": [{"sender": "agent"}]}', "messages.0.message"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_without_its_content(line: bytes, words: str) -> None:
    with pytest.raises(BadLineError, match=words) as caught:
        read_record(line)
    assert len(str(caught.value)) < 300


def test_a_line_that_is_too_long_is_dropped_and_the_next_one_is_whole() -> None:
    given = io.BytesIO(b"first\r\n" + b"x" * (3 * MOST_LINE_BYTES) + b"\nlast")
    first, long, last = lines_of(given)
    assert (first, last) == (b"first", b"last")
    assert len(long) <= MOST_LINE_BYTES + 2
    with pytest.raises(BadLineError, match="longer than 4 MB"):
        read_record(long)
