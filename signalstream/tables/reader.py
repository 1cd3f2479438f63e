"""Reads this worker's own tables for the views. Whose row it is has been settled before."""

from __future__ import annotations

from dataclasses import dataclass

from signalstream.core import conversation, merging, windows
from signalstream.core.keys import ConversationKey
from signalstream.core.merging import InsightState
from signalstream.models.conversation import ConversationState, ConversationView
from signalstream.models.intelligence import Insight
from signalstream.models.windows import Timeline, WindowState
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import row_key


@dataclass(frozen=True)
class TableReader:
    """The three tables, read together. ``agents`` are those whose analyses make a turn complete."""

    conversations: TypedTable[ConversationState]
    insights: TypedTable[InsightState]
    windows: TypedTable[WindowState]
    agents: tuple[str, ...]
    window_seconds: int

    def insight(self, key: ConversationKey) -> Insight | None:
        """Return the current picture; completeness ``none`` when no analysis has arrived; None when never seen."""
        state = self.conversations.get(key.encode())
        row = self.insights.get(key.encode())
        if state is None and row is None:
            return None
        row = row or InsightState(tenant_id=key.tenant_id, conversation_id=key.conversation_id)
        return merging.insight(row, self.agents, state.last_seq if state else 0)

    def conversation(self, key: ConversationKey, limit: int) -> ConversationView | None:
        """Return the state with at most ``limit`` of the newest messages."""
        state = self.conversations.get(key.encode())
        return conversation.view(state, limit) if state else None

    def timeline(self, key: ConversationKey) -> Timeline | None:
        """Return the windows, oldest first; an empty timeline before the first analysis."""
        row = self.insights.get(key.encode())
        if row is None and self.conversations.get(key.encode()) is None:
            return None
        rows = (self.windows.get(row_key(key.encode(), start)) for start in (row.windows if row else ()))
        return Timeline(
            conversation_id=key.conversation_id,
            tenant_id=key.tenant_id,
            window_seconds=self.window_seconds,
            windows=tuple(windows.view(state) for state in rows if state is not None),
        )
