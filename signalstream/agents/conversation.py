"""The conversation agent: messages become turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from signalstream.core.conversation import Bounds, join
from signalstream.core.keys import ConversationKey, parse_key
from signalstream.errors import UnprocessableError
from signalstream.models.conversation import ConversationState
from signalstream.models.messages import Message
from signalstream.streaming.dead_letters import headers_of
from signalstream.streaming.delivery import Outbox
from signalstream.streaming.values import decode, encode
from signalstream.tables.typed import TypedTable

NAME = "conversation"
log = structlog.get_logger()


@dataclass(frozen=True)
class ConversationAgent:
    """``support.messages.raw`` → ``support.conversations.state``, key tenant_id/conversation_id, table conversations.

    A message gets the conversation's next number and is kept redacted; a repeat keeps its number, changes nothing
    and is sent again. What does not decode, or has a key that is not its conversation's, becomes a dead letter.
    """

    table: TypedTable[ConversationState]
    outbox: Outbox
    turns_topic: str
    redact: Callable[[str], str]
    bounds: Bounds

    async def step(self, event: Any) -> None:
        """Take one record of the raw topic."""
        key = parse_key(event.message.key)
        message = decode(Message, event.message.value)
        if key != ConversationKey(message.tenant_id, message.conversation_id):
            raise UnprocessableError("the record's key names another conversation than its message")
        joined = join(self.table.get(key.encode()), message, self.redact(message.text), self.bounds)
        # A repeat is written too: after a crash the disk may hold a row that its changelog never got.
        self.table.put(key.encode(), joined.state)
        await self.outbox.send(self.turns_topic, key.encode(), encode(joined.turn), headers_of(event))
        await self.table.confirmed(key.encode())
        log.debug("turn.made", message_id=str(message.message_id), seq=joined.turn.seq, repeat=not joined.changed)
