"""The aggregation agent: analyses become the conversation's insight and its windows, until it is erased."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog

from signalstream.agents.measuring import Told
from signalstream.core import entities, merging, windows
from signalstream.core.arrival import record_time
from signalstream.core.clock import BrokerClock, Moment
from signalstream.core.keys import ConversationKey, parse_key
from signalstream.core.masks import masked
from signalstream.core.merging import InsightState
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.core.windows import WindowPolicy
from signalstream.models.conversation import ConversationState
from signalstream.models.erasure import ErasureCommand, ErasureMark
from signalstream.models.intelligence import Analysis
from signalstream.models.live import Update
from signalstream.models.windows import WindowCommand, WindowState
from signalstream.streaming.dead_letters import headers_of
from signalstream.streaming.delivery import Outbox
from signalstream.streaming.records import read_analysis
from signalstream.streaming.values import encode, opened, read
from signalstream.tables.merged import Merged, MergedRows
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import row_key
from signalstream.telemetry import debugging

NAME = "aggregation"
log = structlog.get_logger()


@dataclass(frozen=True)
class AggregationAgent:
    """``support.ai.*`` and the topics of commands → ``support.ai.aggregated``, key tenant_id/conversation_id.

    Tables: insights (merged), windows (merged, closed, expired), conversations (read for the newest number, masked
    where the pii agent found more), erasures (read, told, forgotten). A repeat changes no row; the current insight is
    sent again. What does not decode, or whose key is not its conversation's, becomes a dead letter. Analyses of what
    was erased are told to ``dropped``.
    """

    conversations: TypedTable[ConversationState]
    insights: TypedTable[InsightState]
    windows: TypedTable[WindowState]
    marks: TypedTable[ErasureMark]
    outbox: Outbox
    updates_topic: str
    commands_topic: str
    erasures_topic: str
    agents: tuple[str, ...]
    policy: WindowPolicy
    clock: BrokerClock
    sealer: Sealer = UNSEALED
    told: Told = field(default_factory=lambda: Told(()))
    dropped: Callable[[str], None] = lambda _what: None
    erased: Callable[[int, bytes], None] = lambda _partition, _key: None

    async def step(self, event: Any) -> None:
        """Take one analysis or one command."""
        if event.message.topic == self.erasures_topic:
            await self._obey(event)
        elif event.message.topic == self.commands_topic:
            key, command = parse_key(event.message.key), read(self.sealer, WindowCommand, event.message)
            merged = self._rows(event).obey(key, command)
            await self._confirmed(key, {*merged.row.open_windows, command.start})
            await self._tell(key, event, merged, self._window_updates(key, merged))
        else:
            key, analysis = self._read(event)
            await self._merge(key, event, [analysis])

    async def together(self, events: list[Any]) -> None:
        """Take analyses of one conversation that have piled up: one write and one insight for them all."""
        if any(event.message.topic in {self.commands_topic, self.erasures_topic} for event in events):
            for event in events:
                await self.step(event)
            return
        analyses = [self._read(event) for event in events]
        await self._merge(analyses[-1][0], events[-1], [analysis for _, analysis in analyses])

    def _read(self, event: Any) -> tuple[ConversationKey, Analysis]:
        return read_analysis(event.message.key, opened(self.sealer, event.message))

    def _rows(self, event: Any) -> MergedRows:
        # At the record's own time: deadlines are those of one clock, whichever worker has the partition.
        at = record_time(event.message.timestamp)
        if at is not None:
            self.clock.heard(at)
        clock = self.clock if at is None else Moment(at)
        return MergedRows(self.insights, self.windows, self.marks, self.policy, clock)

    async def _obey(self, event: Any) -> None:
        key, command = parse_key(event.message.key), read(self.sealer, ErasureCommand, event.message)
        rows, mark = self._rows(event), self.marks.get(key.encode())
        if command.command == "erase":
            await self._erase(key, event, command.generation)
            mark = self.marks.get(key.encode())
            if mark is not None and mark.generation == command.generation:
                self.marks.put(key.encode(), mark.model_copy(update={"told": True}))
                self.erased(event.message.partition, key.encode())
        elif mark is not None and mark.generation == command.generation and rows.clock.now() >= mark.forget_at:
            self.marks.bury(key.encode())
        await self.marks.confirmed(key.encode())

    async def _erase(self, key: ConversationKey, event: Any, generation: int) -> None:
        rows = self._rows(event)
        for start in rows.erase_windows(key, generation):
            await self.windows.confirmed(row_key(key.encode(), start))
        rows.erase_insight(key, generation)  # only now: it knows which windows there were
        await self.insights.confirmed(key.encode())
        update = Update(kind="erased", **key._asdict(), emitted_at=self.clock.now(), generation=generation)
        await self.outbox.send(self.updates_topic, key.encode(), encode(update), headers_of(event))

    async def _merge(self, key: ConversationKey, event: Any, analyses: list[Analysis]) -> None:
        rows = self._rows(event)
        before, erased = rows.row_and_erased(key)
        if erased:  # whoever follows hears of the end before the beginning
            await self._erase(key, event, before.generation)
            before = rows.row(key)
        merged = rows.merge(key, analyses, before)
        for _ in range(len(analyses) - len(merged.taken)):
            self.dropped("analysis")
        if merged.taken:
            await self._merged(key, event, before, merged)
        else:  # a window of it may have been left, and has gone
            await self._confirmed(key, {windows.start_of(analysis, self.policy) for analysis in analyses})

    def _mask(self, key: ConversationKey, analyses: Iterable[Analysis]) -> None:
        found = [analysis for analysis in analyses if analysis.agent == entities.AGENT and entities.entities(analysis)]
        state = self.conversations.get(key.encode()) if found else None
        if state is not None:  # a repeat is written too, as above
            self.conversations.put(key.encode(), masked(state, found))

    async def _merged(self, key: ConversationKey, event: Any, before: InsightState, merged: Merged) -> None:
        analyses = merged.taken
        self._mask(key, analyses)
        for analysis in analyses if debugging() else ():
            log.debug(
                "insight.merged", message_id=str(analysis.message_id), seq=analysis.seq, revision=merged.row.revision
            )
        updates = [self._insight_update(key, merged.row), *self._window_updates(key, merged)]
        touched = {windows.start_of(analysis, self.policy) for analysis in analyses}  # late in a closed one, too
        await self._confirmed(key, {*merged.row.open_windows, *touched})
        await self._tell(key, event, merged, updates)
        self.told.completed(before, merged.row, analyses, self.clock.now())

    async def _tell(self, key: ConversationKey, event: Any, merged: Merged, updates: list[Update]) -> None:
        for update in updates:
            await self.outbox.send(self.updates_topic, key.encode(), encode(update), headers_of(event))
        self.told.updates(updates)
        if merged.closing:  # only now: until its closing is confirmed a window stays open, to be told again
            self._rows(event).told(key, merged)
            await self.insights.confirmed(key.encode())

    async def _confirmed(self, key: ConversationKey, starts: set[int]) -> None:
        # Before anyone is told: after a crash a revision must not come again with another picture. It counts the
        # conversation's messages too, and the newest may be on its way to the changelog while its analyses are merged.
        conversation = key.encode()
        await self.conversations.confirmed(conversation)
        await self.insights.confirmed(conversation)
        for start in sorted(starts):
            await self.windows.confirmed(row_key(conversation, start))

    def _insight_update(self, key: ConversationKey, row: InsightState) -> Update:
        state = self.conversations.get(key.encode())
        newest_seq = state.last_seq if state is not None and state.generation == row.generation else 0
        insight = merging.insight(row, self.agents, newest_seq)
        return Update(kind="insight", **key._asdict(), emitted_at=self.clock.now(), insight=insight)

    def _window_updates(self, key: ConversationKey, merged: Merged) -> list[Update]:
        now = self.clock.now()
        return [
            Update(kind="window", **key._asdict(), emitted_at=now, window=windows.view(window))
            for window in merged.closed
        ]
