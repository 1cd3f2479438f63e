from __future__ import annotations

import pytest
from pydantic import ValidationError

from signalstream.models.messages import MAX_TEXT_CHARACTERS, Channel, MessageIn

BODY = {"conversation_id": "c-1", "sender": "customer", "message": "hello"}


def test_a_message_needs_no_more_than_conversation_sender_and_text():
    posted = MessageIn.model_validate(BODY)

    assert posted.channel is Channel.CHAT
    assert (posted.tenant_id, posted.metadata, posted.message_id, posted.timestamp) == (None, None, None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("message", ""),
        ("message", " \n\t"),
        ("message", "x" * (MAX_TEXT_CHARACTERS + 1)),
        ("message", "\ud800"),
        ("conversation_id", ""),
        ("conversation_id", "x" * 129),
        ("conversation_id", "a\nb"),
        ("conversation_id", "a\x00b"),
        ("tenant_id", "Demo"),
        ("tenant_id", "demo/x"),
        ("tenant_id", "demo\n"),
        ("sender", "robot"),
        ("channel", "fax"),
        ("message_id", "17"),
        ("timestamp", "yesterday"),
        ("timestamp", "9999-12-31T23:59:59Z"),
        ("metadata", {str(n): n for n in range(33)}),
        ("priority", "high"),
    ],
)
def test_a_wrong_field_is_named(field, value):
    with pytest.raises(ValidationError) as caught:
        MessageIn.model_validate(BODY | {field: value})

    assert [problem["loc"][0] for problem in caught.value.errors()] == [field]


@pytest.mark.parametrize("text", ["x" * MAX_TEXT_CHARACTERS, "\N{PILE OF POO}", "a\x00b", "مرحبا"])
def test_any_text_up_to_the_limit_may_be_written(text):
    assert MessageIn.model_validate(BODY | {"message": text}).message == text
