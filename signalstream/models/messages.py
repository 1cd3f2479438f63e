"""Messages: what a customer, an agent or a system wrote, as posted and as kept in ``support.messages.raw``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, JsonValue, StringConstraints

from signalstream.models.base import TENANT_PATTERN, EventTime, Model, Timestamp, Versioned

MAX_TEXT_CHARACTERS = 10_000
MOST_KEPT_CHARACTERS = 8 * MAX_TEXT_CHARACTERS
MAX_METADATA_ENTRIES = 32


class Sender(StrEnum):
    """Who wrote the message."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"


class Channel(StrEnum):
    """How the message travelled."""

    CHAT = "chat"
    EMAIL = "email"
    VOICE = "voice"
    SMS = "sms"


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must hold printable characters only")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must hold more than white space")
    return value


def _encodable(value: str) -> str:
    try:
        value.encode()  # nothing but a lone surrogate has no form in UTF-8
    except UnicodeEncodeError:
        raise ValueError("must not hold lone surrogates") from None
    return value


TenantId = Annotated[str, StringConstraints(pattern=TENANT_PATTERN)]
ConversationId = Annotated[
    str, StringConstraints(min_length=1, max_length=128), AfterValidator(_encodable), AfterValidator(_printable)
]
MessageText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_TEXT_CHARACTERS),
    AfterValidator(_encodable),
    AfterValidator(_not_blank),
]
KeptText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MOST_KEPT_CHARACTERS),
    AfterValidator(_encodable),
    AfterValidator(_not_blank),
]
"""A text as it is kept: what stands in the place of personal data may be longer than they were."""
Metadata = Annotated[dict[str, JsonValue], Field(max_length=MAX_METADATA_ENTRIES)]


class MessageIn(Model):
    """The body of ``POST /v1/messages``."""

    conversation_id: ConversationId = Field(description="Your id of the conversation, 1 to 128 printable characters.")
    sender: Sender
    message: MessageText = Field(description="What was written, 1 to 10,000 characters.")
    channel: Channel = Channel.CHAT
    tenant_id: TenantId | None = Field(default=None, description="Whose conversation it is; else the default tenant.")
    metadata: Metadata | None = Field(default=None, description="At most 32 entries that travel with the message.")
    message_id: UUID | None = Field(
        default=None, description="Your id of the message; the same id is the same message."
    )
    timestamp: EventTime | None = Field(default=None, description="When it was written; else the time of arrival.")


class MessageAccepted(Model):
    """The answer to an accepted message: the broker has acknowledged it."""

    message_id: UUID
    conversation_id: str
    status: Literal["accepted"] = "accepted"
    timestamp: Timestamp


class OriginalMessage(Model):
    """The answer to ``GET …/messages/{message_id}/original``: a message as it was written."""

    message_id: UUID
    conversation_id: str
    message: str
    metadata: Metadata = Field(default_factory=dict)
    values: dict[str, str] = Field(
        default_factory=dict, description="What the placeholders of this message stand for, where patterns found it."
    )


class Found(Model):
    """Personal data that stood in a message: code points of what was written, from ``start`` up to ``end``.

    ``tag`` is a keyed digest of the value (``signalstream.core.tags``), never the value.
    """

    kind: str
    start: int = Field(ge=0)
    end: int = Field(ge=1)
    detector: str
    confidence: float = Field(ge=0, le=1)
    tag: str = Field(pattern=r"^[a-z2-7]{8}$")


class Message(Versioned):
    """A message as kept in the raw topic. ``written_at`` is event time, ``received_at`` is ours.

    ``found`` says what was taken out of ``text`` before it was kept, in order of place; None is a text as it was
    written, of a version that redacted later. ``unsearched`` marks one that was kept although no search for personal
    data could be made. ``original`` is what was written, sealed (``signalstream.security.originals``).
    """

    message_id: UUID
    tenant_id: TenantId
    conversation_id: ConversationId
    sender: Sender
    text: KeptText
    channel: Channel
    metadata: Metadata = Field(default_factory=dict)
    written_at: EventTime
    received_at: EventTime
    found: tuple[Found, ...] | None = None
    unsearched: Literal[True] | None = None
    original: str | None = None
