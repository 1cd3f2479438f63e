"""Turns for the local analyst's tests."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from signalstream.models.conversation import KeptMessage, Turn
from signalstream.models.messages import Channel, Message, Sender

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def turn(text: str, sender: str = "customer", context: tuple[tuple[str, str], ...] = ()) -> Turn:
    """A turn for ``text`` after ``context``, pairs of sender and redacted text."""
    kept = tuple(
        KeptMessage(message_id=UUID(int=seq), seq=seq, sender=Sender(who), text=said, timestamp=AT)
        for seq, (who, said) in enumerate(context, 1)
    )
    seq = len(kept) + 1
    message = Message(
        message_id=UUID(int=seq),
        tenant_id="demo",
        conversation_id="c-1",
        sender=Sender(sender),
        text=text,
        channel=Channel.CHAT,
        written_at=AT,
        received_at=AT,
    )
    return Turn(message=message, seq=seq, context=kept, message_count=seq)
