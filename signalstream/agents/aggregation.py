"""The aggregation agent: analyses become the conversation's insight and its windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import structlog

from signalstream.core import merging, windows
from signalstream.core.clock import Clock
from signalstream.core.keys import ConversationKey, parse_key
from signalstream.core.merging import InsightState
from signalstream.core.windows import WindowPolicy
from signalstream.errors import UnprocessableError
from signalstream.models.conversation import ConversationState
from signalstream.models.intelligence import Analysis
from signalstream.models.live import Update
from signalstream.models.windows import WindowCommand, WindowState
from signalstream.streaming.dead_letters import headers_of
from signalstream.streaming.delivery import Outbox
from signalstream.streaming.values import decode, encode
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import row_key

NAME = "aggregation"
log = structlog.get_logger()
Outcome = tuple[InsightState, tuple[int, ...], list[Update]]  # the row, the windows it closes, what to send


@dataclass(frozen=True)
class AggregationAgent:
    """``support.ai.*`` and ``support.windows.commands`` → ``support.ai.aggregated``, key tenant_id/conversation_id.

    Tables: insights (merged), windows (merged, closed, expired), conversations (read for the newest number). A
    repeat changes no row; the current insight is sent again. What does not decode, or whose key is not its
    conversation's, becomes a dead letter.
    """

    conversations: TypedTable[ConversationState]
    insights: TypedTable[InsightState]
    windows: TypedTable[WindowState]
    outbox: Outbox
    updates_topic: str
    commands_topic: str
    agents: tuple[str, ...]
    policy: WindowPolicy
    clock: Clock

    async def step(self, event: Any) -> None:
        """Take one analysis or one window command."""
        key = parse_key(event.message.key)
        if event.message.topic == self.commands_topic:
            outcome = self._obey(key, decode(WindowCommand, event.message.value))
        else:
            outcome = self._merge(key, [_analysis(key, event)])
        await self._tell(key, event, outcome)

    async def together(self, events: list[Any]) -> None:
        """Take analyses of one conversation that have piled up: one write and one insight for them all."""
        if any(event.message.topic == self.commands_topic for event in events):
            for event in events:
                await self.step(event)
            return
        key = parse_key(events[-1].message.key)
        await self._tell(key, events[-1], self._merge(key, [_analysis(key, event) for event in events]))

    async def _tell(self, key: ConversationKey, event: Any, outcome: Outcome) -> None:
        row, closing, updates = outcome
        await self._confirmed(key, row)
        for update in updates:
            await self.outbox.send(self.updates_topic, key.encode(), encode(update), headers_of(event))
        if closing:  # only now: until its closing is confirmed a window stays among the open ones, to be told again
            self.insights.put(key.encode(), _without_open(row, closing))
            await self.insights.confirmed(key.encode())

    async def _confirmed(self, key: ConversationKey, row: InsightState) -> None:
        # Before anyone is told: after a crash a revision must not come again with another picture.
        await self.insights.confirmed(key.encode())
        for start in row.open_windows:
            await self.windows.confirmed(row_key(key.encode(), start))

    def _merge(self, key: ConversationKey, analyses: list[Analysis]) -> Outcome:
        row = self._row(key)
        merged = merging.merge(row, analyses)
        for analysis in analyses:
            merged = merging.noted(merged, windows.event_time(analysis))
        merged = self._into_windows(key, merged, analyses)
        if merged is not row:
            merged = merging.revised(merged, self.clock.now())
        # A repeat is written too: after a crash the disk may hold a row that its changelog never got.
        self.insights.put(key.encode(), merged)
        for analysis in analyses:
            log.debug("insight.merged", message_id=str(analysis.message_id), seq=analysis.seq, revision=merged.revision)
        passed = tuple(start for start in merged.open_windows if self._has_passed(key, start, merged))
        closed = [update for start in passed for update in self._close(key, start, "event_time")]
        return merged, passed, [self._insight_update(key, merged), *closed]

    def _row(self, key: ConversationKey) -> InsightState:
        return self.insights.get(key.encode()) or InsightState(**key._asdict())

    def _into_windows(self, key: ConversationKey, row: InsightState, analyses: list[Analysis]) -> InsightState:
        by_start: dict[int, list[Analysis]] = {}
        for analysis in analyses:
            by_start.setdefault(windows.start_of(analysis, self.policy), []).append(analysis)
        for start, of_window in by_start.items():
            row = self._into_window(key, row, start, of_window)
        return row

    def _into_window(
        self, key: ConversationKey, row: InsightState, start: int, analyses: list[Analysis]
    ) -> InsightState:
        is_new = start not in row.windows
        if is_new and len(row.windows) >= self.policy.per_conversation and start < row.windows[0]:
            return row  # older than every window that this conversation may keep
        window = self.windows.get(row_key(key.encode(), start))
        before = window or windows.opened(analyses[0], self.clock.now(), self.policy, row.watermark)
        after = before
        for analysis in analyses:
            after = windows.add(after, analysis)
        self.windows.put(row_key(key.encode(), start), after)
        kept, dropped = windows.kept_starts((*row.windows, start), self.policy)
        for gone in dropped:
            self.windows.remove(row_key(key.encode(), gone))
        # A closed window that the row does not know was closed just before a crash: its closing is still to be told.
        is_open = is_new or after.status == "open"
        open_starts = sorted({*row.open_windows, start}) if is_open else row.open_windows
        return merging.with_windows(row, kept, tuple(each for each in open_starts if each in kept))

    def _close(self, key: ConversationKey, start: int, by: Literal["event_time", "deadline"]) -> list[Update]:
        window = self.windows.get(row_key(key.encode(), start))
        if window is None:
            return []
        closed = windows.close(window, by)
        if closed is not window:
            self.windows.put(row_key(key.encode(), start), closed)
        return [self._window_update(key, closed)]

    def _has_passed(self, key: ConversationKey, start: int, row: InsightState) -> bool:
        if not windows.passed(start, row.watermark, self.policy):
            return False
        window = self.windows.get(row_key(key.encode(), start))
        return window is None or window.status == "closed" or not window.backdated

    def _obey(self, key: ConversationKey, command: WindowCommand) -> Outcome:
        row, start = self._row(key), command.start
        window = self.windows.get(row_key(key.encode(), start))
        if window is None:
            return row, (), []
        untold = start in row.open_windows
        if command.command == "close":
            is_due = windows.due(window, row.watermark, self.clock.now(), self.policy) is not None
            if is_due or (untold and window.status == "closed"):
                return row, (start,) if untold else (), self._close(key, start, "deadline")
        elif windows.expired(window, self.clock.now()):
            self.windows.remove(row_key(key.encode(), start))
            if start in row.windows:
                self.insights.put(key.encode(), _without_window(row, start))
        return row, (), []

    def _insight_update(self, key: ConversationKey, row: InsightState) -> Update:
        state = self.conversations.get(key.encode())
        insight = merging.insight(row, self.agents, state.last_seq if state else 0)
        return Update(kind="insight", **key._asdict(), emitted_at=self.clock.now(), insight=insight)

    def _window_update(self, key: ConversationKey, window: WindowState) -> Update:
        shown = windows.view(window)
        return Update(kind="window", **key._asdict(), emitted_at=self.clock.now(), window=shown)


def _analysis(key: ConversationKey, event: Any) -> Analysis:
    analysis = decode(Analysis, event.message.value)
    if key != ConversationKey(analysis.tenant_id, analysis.conversation_id):
        raise UnprocessableError("the record's key names another conversation than its analysis")
    if problem := merging.misfit(analysis):
        raise UnprocessableError(problem)
    return analysis


def _without_open(row: InsightState, starts: tuple[int, ...]) -> InsightState:
    return merging.with_windows(row, row.windows, tuple(each for each in row.open_windows if each not in starts))


def _without_window(row: InsightState, start: int) -> InsightState:
    kept = tuple(each for each in row.windows if each != start)
    return merging.with_windows(row, kept, tuple(each for each in row.open_windows if each != start))
