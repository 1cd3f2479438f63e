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
from signalstream.streaming.delivery import Outbox, headers_of
from signalstream.streaming.values import decode, encode
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import row_key

NAME = "aggregation"
log = structlog.get_logger()


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
            updates = self._obey(key, decode(WindowCommand, event.message.value))
        else:
            updates = self._merge(key, decode(Analysis, event.message.value))
        for update in updates:
            await self.outbox.send(self.updates_topic, key.encode(), encode(update), headers_of(event))

    def _merge(self, key: ConversationKey, analysis: Analysis) -> list[Update]:
        if key != ConversationKey(analysis.tenant_id, analysis.conversation_id):
            raise UnprocessableError("the record's key names another conversation than its analysis")
        row = self.insights.get(key.encode()) or InsightState(
            tenant_id=key.tenant_id, conversation_id=key.conversation_id
        )
        merged = merging.noted(merging.merge(row, [analysis]), windows.event_time(analysis))
        merged = self._into_window(key, merged, analysis)
        merged, closed = self._close_passed(key, merged)
        if merged is not row:
            merged = merging.revised(merged, self.clock.now())
            self.insights.put(key.encode(), merged)
        log.debug("insight.merged", message_id=str(analysis.message_id), seq=analysis.seq, revision=merged.revision)
        return [self._insight_update(key, merged), *closed]

    def _into_window(self, key: ConversationKey, row: InsightState, analysis: Analysis) -> InsightState:
        start = windows.window_start(analysis.written_at, self.policy)
        if start not in row.windows and len(row.windows) >= self.policy.per_conversation and start < row.windows[0]:
            return row  # older than every window that this conversation may keep
        window = self.windows.get(row_key(key.encode(), start)) or windows.opened(
            analysis, self.clock.now(), self.policy
        )
        after = windows.add(window, analysis)
        if after is not window:
            self.windows.put(row_key(key.encode(), start), after)
        kept, dropped = windows.kept_starts((*row.windows, start), self.policy)
        for gone in dropped:
            self.windows.remove(row_key(key.encode(), gone))
        open_starts = row.open_windows if after.status == "closed" else tuple(sorted({*row.open_windows, start}))
        return merging.with_windows(row, kept, tuple(s for s in open_starts if s in kept))

    def _close_passed(self, key: ConversationKey, row: InsightState) -> tuple[InsightState, list[Update]]:
        updates = []
        for start in row.open_windows:
            if (
                row.watermark is None
                or row.watermark.timestamp() < start + self.policy.seconds + self.policy.grace_seconds
            ):
                continue
            row, closed = self._close(key, row, start, "event_time")
            updates += closed
        return row, updates

    def _close(
        self, key: ConversationKey, row: InsightState, start: int, by: Literal["event_time", "deadline"]
    ) -> tuple[InsightState, list[Update]]:
        row = merging.with_windows(row, row.windows, tuple(s for s in row.open_windows if s != start))
        window = self.windows.get(row_key(key.encode(), start))
        if window is None:
            return row, []
        closed = windows.close(window, by)
        if closed is not window:
            self.windows.put(row_key(key.encode(), start), closed)
        return row, [self._window_update(key, closed)]

    def _obey(self, key: ConversationKey, command: WindowCommand) -> list[Update]:
        row = self.insights.get(key.encode())
        window = self.windows.get(row_key(key.encode(), command.start))
        if row is None or window is None:
            return []
        now = self.clock.now()
        updates: list[Update] = []
        after = row
        if command.command == "close" and windows.due(window, row.watermark, now, self.policy):
            after, updates = self._close(key, row, command.start, "deadline")
        elif command.command == "expire" and windows.expired(window, now):
            self.windows.remove(row_key(key.encode(), command.start))
            kept = tuple(start for start in row.windows if start != command.start)
            after = merging.with_windows(row, kept, tuple(start for start in row.open_windows if start in kept))
        if after is not row:
            self.insights.put(key.encode(), after)
        return updates

    def _insight_update(self, key: ConversationKey, row: InsightState) -> Update:
        state = self.conversations.get(key.encode())
        insight = merging.insight(row, self.agents, state.last_seq if state else 0)
        return Update(kind="insight", **key._asdict(), emitted_at=self.clock.now(), insight=insight)

    def _window_update(self, key: ConversationKey, window: WindowState) -> Update:
        shown = windows.view(window)
        return Update(kind="window", **key._asdict(), emitted_at=self.clock.now(), window=shown)
