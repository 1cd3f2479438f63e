"""The conversation agent: messages become turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from signalstream.core.arrival import record_time
from signalstream.core.conversation import Bounds, Find, join
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.models.conversation import ConversationState
from signalstream.streaming.dead_letters import headers_of
from signalstream.streaming.delivery import Outbox
from signalstream.streaming.records import read_message
from signalstream.streaming.values import encode, opened
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
    find: Find
    bounds: Bounds
    sealer: Sealer = UNSEALED

    async def step(self, event: Any) -> None:
        """Take one record of the raw topic."""
        value = opened(self.sealer, event.message)
        key, message = read_message(event.message.key, value, record_time(event.message.timestamp))
        joined = join(self.table.get(key.encode()), message, self.find, self.bounds)
        # A repeat is written too: after a crash the disk may hold a row that its changelog never got.
        self.table.put(key.encode(), joined.state)
        await self.outbox.send(self.turns_topic, key.encode(), encode(joined.turn), headers_of(event))
        await self.table.confirmed(key.encode())
        log.debug("turn.made", message_id=str(message.message_id), seq=joined.turn.seq, repeat=not joined.changed)
