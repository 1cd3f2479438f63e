"""The conversation agent: messages become turns, and what an erasure asks for is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from signalstream.core.arrival import record_time
from signalstream.core.conversation import Bounds, Find, join
from signalstream.core.erasure import asks_erasure, current, generation_of, holds, is_before, marked
from signalstream.core.keys import parse_key
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.core.tagged import tagged_message
from signalstream.core.tags import KeyedTagger, Tagger
from signalstream.errors import UndecodableError
from signalstream.models.conversation import ConversationState, Turn
from signalstream.models.erasure import ERASES, EraseConversation, ErasureCommand, ErasureMark
from signalstream.streaming.dead_letters import headers_of
from signalstream.streaming.delivery import Outbox
from signalstream.streaming.records import read_message
from signalstream.streaming.values import encode, opened, read
from signalstream.tables.typed import TypedTable
from signalstream.telemetry import debugging

NAME = "conversation"
log = structlog.get_logger()


@dataclass(frozen=True)
class ConversationAgent:
    """``support.messages.raw`` → ``support.conversations.state``, key tenant_id/conversation_id, table conversations.

    A message gets the conversation's next number and is kept redacted, its tags numbered; a repeat keeps its number,
    changes nothing and is sent again, unless it says something else than the message that is kept. What does not
    decode, or has a key that is not its conversation's, becomes a dead letter.

    A request to erase marks the conversation in the table erasures, removes its row, and goes on to the aggregation
    agent by ``support.conversations.commands``. A message from before it is dropped, and told to ``dropped``; one after
    it begins the conversation anew. ``keep_marks`` is how long a topic may hold what was erased.
    ``foresee`` is told of each turn before it is sent, so that what its analyses need can begin on the way.
    """

    table: TypedTable[ConversationState]
    marks: TypedTable[ErasureMark]
    outbox: Outbox
    turns_topic: str
    erasures_topic: str
    find: Find
    bounds: Bounds
    keep_marks: timedelta
    tagger: Tagger = field(default_factory=lambda: KeyedTagger(UNSEALED.secret_of))
    sealer: Sealer = UNSEALED
    dropped: Callable[[str], None] = lambda _what: None
    foresee: Callable[[Turn], None] = lambda _turn: None

    async def step(self, event: Any) -> None:
        """Take one record of the raw topic."""
        if asks_erasure(headers_of(event)):
            await self._erase(event)
        else:
            await self._join(event)

    async def _erase(self, event: Any) -> None:
        key, at = parse_key(event.message.key).encode(), record_time(event.message.timestamp)
        request = read(self.sealer, EraseConversation, event.message)
        if at is None:
            raise UndecodableError("a request to erase has no time of the broker")
        if not holds(request, self.table.get(key), self.marks.get(key), at, event.message.offset):
            return  # somebody has written meanwhile
        mark = marked(self.marks.get(key), at, event.message.offset, self.keep_marks)
        self.marks.put(key, mark)
        if current(self.table.get(key), mark) is None:
            self.table.bury(key)
        await self.marks.confirmed(key)
        await self.table.confirmed(key)
        command = ErasureCommand(command="erase", generation=mark.generation)
        headers = [each for each in headers_of(event) if each[0] != ERASES]
        await self.outbox.send(self.erasures_topic, key, encode(command), headers)
        log.info("conversation.erased", generation=mark.generation)

    async def _join(self, event: Any) -> None:
        value = opened(self.sealer, event.message)
        at = record_time(event.message.timestamp)
        conversation, message = read_message(event.message.key, value, at)
        key = conversation.encode()
        mark = self.marks.get(key)
        if is_before(mark, at, event.message.offset):
            self.dropped("message")
            return
        state = current(self.table.get(key), mark)
        message = tagged_message(message, self.find, self.tagger)  # of a version that redacted no sooner than here
        offset = event.message.offset
        joined = join(state, message, self.find, self.bounds, generation_of(mark), offset=offset)
        # A repeat is written too: after a crash the disk may hold a row that its changelog never got.
        self.table.put(key, joined.state)
        if joined.contradicts:
            await self.table.confirmed(key)
            log.warning("message.id_reused", message_id=str(message.message_id), seq=joined.turn.seq, kept="the first")
            return
        self.foresee(joined.turn)
        await self.outbox.send(self.turns_topic, key, encode(joined.turn), headers_of(event))
        await self.table.confirmed(key)
        if debugging():
            log.debug("turn.made", message_id=str(message.message_id), seq=joined.turn.seq, repeat=not joined.changed)
