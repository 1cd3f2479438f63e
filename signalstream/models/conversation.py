"""A conversation as it is remembered, and the turn that an analyst is given."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from signalstream.models.base import Model, Timestamp, Versioned
from signalstream.models.messages import Channel, ConversationId, Message, Sender, TenantId


class KeptMessage(Model):
    """One message of a conversation with its number in it. ``text`` is redacted; ``seq`` counts from 1."""

    message_id: UUID
    seq: int = Field(ge=1)
    sender: Sender
    text: str
    timestamp: Timestamp


Mask = tuple[int, int, int]


class KnownValues(Model):
    """The personal data that a conversation has seen, without a value: see ``signalstream.core.placeholders``.

    ``numbers`` holds the number of each value's tag, and of each label the highest number that was given out.
    """

    salt: str = ""
    numbers: dict[str, int] = Field(default_factory=dict)


class ConversationState(Versioned):
    """A row of the ``conversations`` table.

    ``recent`` holds the newest messages, bounded in count and size. ``seen`` holds one short digest for each of the
    newest message ids, oldest first: the digest at the end belongs to ``last_seq``, so a repeat finds its number.
    ``generation`` is 0 until the conversation is erased (``signalstream.core.erasure``). ``masks`` are, for each of the
    ``recent``, the places of personal data in what was written and how long what stands there now is: start, end,
    length. ``originals`` are the offsets of those of them in the raw topic that have a sealed original.
    """

    tenant_id: TenantId
    conversation_id: ConversationId
    generation: int = Field(default=0, ge=0)
    channel: Channel
    participants: tuple[Sender, ...] = ()
    message_count: int = 0
    last_seq: int = 0
    counts: dict[Sender, int] = Field(default_factory=dict)
    first_message_at: Timestamp
    last_message_at: Timestamp
    recent: tuple[KeptMessage, ...] = ()
    seen: tuple[str, ...] = ()
    known: KnownValues = Field(default_factory=KnownValues)
    masks: dict[int, tuple[Mask, ...]] = Field(default_factory=dict)
    originals: dict[int, int] = Field(default_factory=dict)


class Turn(Versioned):
    """A message with its context and its number in the conversation: all that an analyst needs to know.

    ``message.text`` is without what ``message.found`` says, numbered, or what was written where that is None;
    ``context`` are the messages before it, oldest first, redacted.
    ``known`` says which placeholder a value has in this conversation.
    """

    message: Message
    generation: int = Field(default=0, ge=0)
    seq: int = Field(ge=1)
    context: tuple[KeptMessage, ...] = ()
    message_count: int = Field(ge=1)
    participants: tuple[Sender, ...] = ()
    known: KnownValues = Field(default_factory=KnownValues)


class ConversationView(Model):
    """The answer to ``GET /v1/conversations/{id}``: the newest messages, redacted."""

    conversation_id: str
    tenant_id: str
    channel: Channel
    participants: tuple[Sender, ...]
    message_count: int
    last_seq: int
    first_message_at: Timestamp
    last_message_at: Timestamp
    messages: tuple[KeptMessage, ...]
