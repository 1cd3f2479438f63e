"""Reads this worker's own tables for the views. Whose row it is has been settled before."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from signalstream.core import conversation, merging, windows
from signalstream.core.erasure import current
from signalstream.core.keys import ConversationKey
from signalstream.core.merging import InsightState
from signalstream.models.conversation import ConversationState, ConversationView, KnownValues
from signalstream.models.erasure import ErasureMark
from signalstream.models.intelligence import Insight
from signalstream.models.windows import Timeline, WindowState
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import row_key


@dataclass(frozen=True)
class TableReader:
    """The tables, read together. ``agents`` are those whose analyses make a turn complete.

    A row of what was erased is none, from the moment that the erasure is marked.
    """

    conversations: TypedTable[ConversationState]
    insights: TypedTable[InsightState]
    windows: TypedTable[WindowState]
    marks: TypedTable[ErasureMark]
    agents: tuple[str, ...]
    window_seconds: int

    def insight(self, key: ConversationKey) -> Insight | None:
        """Return the current picture; completeness ``none`` when no analysis has arrived; None when never seen."""
        state, row = self._rows(key)
        if state is None and row is None:
            return None
        row = row or merging.begun(*key, state.generation if state else 0)
        return merging.insight(row, self.agents, state.last_seq if state else 0)

    def conversation(self, key: ConversationKey, limit: int) -> ConversationView | None:
        """Return the state with at most ``limit`` of the newest messages."""
        state, _ = self._rows(key)
        return conversation.view(state, limit) if state else None

    def timeline(self, key: ConversationKey) -> Timeline | None:
        """Return the windows, oldest first; an empty timeline before the first analysis."""
        state, row = self._rows(key)
        if row is None and state is None:
            return None
        rows = (self.windows.get(row_key(key.encode(), start)) for start in (row.windows if row else ()))
        return Timeline(
            conversation_id=key.conversation_id,
            tenant_id=key.tenant_id,
            window_seconds=self.window_seconds,
            windows=tuple(windows.view(state) for state in rows if state is not None),
        )

    def original(self, key: ConversationKey, message_id: UUID) -> tuple[int, KnownValues] | None:
        """Return where the raw topic has a message, and its conversation's numbers; None for one without original."""
        state, _ = self._rows(key)
        seqs = [kept.seq for kept in state.recent if kept.message_id == message_id] if state else []
        if state is None or not seqs or seqs[0] not in state.originals:
            return None
        return state.originals[seqs[0]], state.known

    def erasure(self, key: ConversationKey) -> ErasureMark | None:
        """Return the newest erasure of a conversation; None when there was none, or none that is remembered still."""
        return self.marks.get(key.encode())

    def _rows(self, key: ConversationKey) -> tuple[ConversationState | None, InsightState | None]:
        mark = self.marks.get(key.encode())
        state, row = current(self.conversations.get(key.encode()), mark), current(self.insights.get(key.encode()), mark)
        is_older = state is not None and row is not None and row.generation < state.generation
        return state, None if is_older else row
