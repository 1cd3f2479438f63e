from __future__ import annotations

from datetime import UTC, datetime

from benchmarks import outputs
from benchmarks.workload import load
from signalstream.core.keys import parse_key
from signalstream.models.messages import Message
from signalstream.streaming.values import decode

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_a_load_is_valid_messages_under_their_conversations_keys() -> None:
    for key, value in load("burst", 20, 5, AT).records():
        message = decode(Message, value)
        assert parse_key(key) == (message.tenant_id, message.conversation_id)


def test_no_two_messages_of_a_load_are_the_same_message() -> None:
    messages = load("burst", 50, 7, AT).messages
    assert len({message.message_id for message in messages}) == 50


def test_the_turns_of_all_conversations_add_up_to_the_messages() -> None:
    assert load("burst", 7, 3, AT).turns() == {"burst-0": 3, "burst-1": 2, "burst-2": 2}


def test_only_a_complete_insight_covers_turns() -> None:
    update = '{"kind":"insight","insight":{"completeness":"%s","conversation_id":"a","last_seq":4}}'
    assert outputs.of_update((update % "complete").encode()) == ("a", 4)
    assert outputs.of_update((update % "partial").encode()) is None
    assert outputs.of_update(b'{"kind":"window","window":{}}') is None


def test_a_frame_that_is_no_update_covers_nothing() -> None:
    frame = '{"type":"intelligence_update","data":{"completeness":"complete","conversation_id":"a","last_seq":4}}'
    assert outputs.of_frame(frame) == ("a", 4)
    assert outputs.of_frame('{"type":"connected","conversation_id":"a"}') is None
