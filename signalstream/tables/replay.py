"""One partition's tables made again from the records that made them, in the order of time, telling nobody.

The served tables are read only. A conversation whose beginning retention has removed from the topics cannot be made
again: its rows are carried over as they are, and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from signalstream.core.conversation import join, seq_of
from signalstream.core.deadlines import Deadlines
from signalstream.core.erasure import current, generation_of, is_before, marked
from signalstream.core.keys import parse_key
from signalstream.core.masks import masked
from signalstream.core.merging import InsightState
from signalstream.errors import UndecodableError, UnprocessableError
from signalstream.models.conversation import ConversationState
from signalstream.models.erasure import ErasureMark
from signalstream.models.windows import WindowCommand
from signalstream.streaming.records import read_analysis, read_message
from signalstream.tables import conversations, erasures, insights, windows
from signalstream.tables.merged import MergedRows
from signalstream.tables.rules import Rules
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import WindowTable, parse_row_key, row_key

Rows = dict[bytes, bytes]


class ChangedRows(Rows):
    """A table's rows, and the keys of those that were written since they were last asked for."""

    def __init__(self, rows: Mapping[bytes, bytes] | None = None) -> None:
        super().__init__(rows or {})
        self.changed: set[bytes] = set()

    def __setitem__(self, key: bytes, value: bytes) -> None:
        if self.get(key) != value:
            self.changed.add(key)
            super().__setitem__(key, value)

    def __delitem__(self, key: bytes) -> None:
        self.changed.add(key)
        super().__delitem__(key)

    def take_changes(self) -> list[tuple[bytes, bytes | None]]:
        """Return each changed key with its row, None for a removed one, and begin anew."""
        taken, self.changed = [(key, self.get(key)) for key in sorted(self.changed)], set()
        return taken


@dataclass
class Tables:
    """A partition of the tables, as bytes. ``written_at`` is when a conversation's row was last written."""

    conversations: Rows = field(default_factory=dict)
    insights: Rows = field(default_factory=dict)
    windows: Rows = field(default_factory=dict)
    written_at: dict[bytes, datetime] = field(default_factory=dict)
    erasures: Rows = field(default_factory=dict)

    def named(self) -> dict[str, Rows]:
        """Return each table by its name."""
        return {
            conversations.NAME: self.conversations,
            insights.NAME: self.insights,
            windows.NAME: self.windows,
            erasures.NAME: self.erasures,
        }


@dataclass
class Rebuilt:
    """The partition that is being made. ``carried`` are the keys of conversations that were copied."""

    conversations: ChangedRows = field(default_factory=ChangedRows)
    insights: ChangedRows = field(default_factory=ChangedRows)
    windows: ChangedRows = field(default_factory=ChangedRows)
    carried: set[bytes] = field(default_factory=set)
    erasures: ChangedRows = field(default_factory=ChangedRows)

    def named(self) -> dict[str, ChangedRows]:
        """Return each table by its name."""
        return {
            conversations.NAME: self.conversations,
            insights.NAME: self.insights,
            windows.NAME: self.windows,
            erasures.NAME: self.erasures,
        }


@dataclass
class RecordClock:
    """A clock that shows the time of the record at hand."""

    time: datetime

    def now(self) -> datetime:
        """Return the record's time."""
        return self.time


class Replay:
    """Applies records to ``rebuilt``. ``cut`` are the topics from which retention has removed records.

    What the served version has erased stays erased: its marks come first, before any record.
    """

    def __init__(self, served: Tables, rebuilt: Rebuilt, rules: Rules, cut: frozenset[str], began: datetime) -> None:
        self.served, self.rebuilt = served, rebuilt
        self.put_aside = 0
        self.unreadable: set[bytes] = set()
        self.cut, self._rules = cut, rules
        self._clock = RecordClock(began)
        self._deadlines = Deadlines()
        self.served_states = TypedTable(served.conversations, ConversationState, conversations.NAME)
        self.served_insights = TypedTable(served.insights, InsightState, insights.NAME)
        self.served_windows = WindowTable(served.windows, Deadlines())
        self.states = TypedTable(rebuilt.conversations, ConversationState, conversations.NAME)
        self.insights = TypedTable(rebuilt.insights, InsightState, insights.NAME)
        self.windows = WindowTable(rebuilt.windows, self._deadlines)
        self.marks = TypedTable(rebuilt.erasures, ErasureMark, erasures.NAME)
        self._rows = MergedRows(self.insights, self.windows, self.marks, rules.policy, self._clock)
        for key, row in self.windows.items():
            self.windows.note(key, row)
        for key, mark in TypedTable(served.erasures, ErasureMark, erasures.NAME).items():
            if generation_of(self.marks.get(key)) <= mark.generation:
                self._erase(key, mark)
            self._leave_out(key, mark)

    def erasure(self, key: bytes | None, offset: int, at: datetime) -> None:
        """Take a record of the raw topic that asks to erase its conversation."""
        try:
            row_of = parse_key(key).encode()
        except UndecodableError:
            self.put_aside += 1
            return
        self._erase(row_of, marked(self.marks.get(row_of), at, offset, self._rules.keep_marks))

    def _erase(self, key: bytes, mark: ErasureMark) -> None:
        conversation = parse_key(key)
        self.marks.put(key, mark)
        if current(self.states.get(key), mark) is None:
            self.states.remove(key)
            self.rebuilt.carried.discard(key)
        self._rows.erase_windows(conversation, mark.generation)
        if current(self.insights.get(key), mark) is None:
            self.insights.remove(key)

    def _leave_out(self, key: bytes, mark: ErasureMark) -> None:
        # The served version may be in the middle of it.
        with suppress(UndecodableError):
            if current(self.served_states.get(key), mark) is None:
                self.served.conversations.pop(key, None)
            if current(self.served_insights.get(key), mark) is None:
                self.served.insights.pop(key, None)

    def message(self, topic: str, key: bytes | None, value: bytes | None, *, offset: int, at: datetime) -> None:
        """Take a record of the raw topic."""
        try:
            conversation, message = read_message(key, value, at)
        except (UndecodableError, UnprocessableError):
            self.put_aside += 1
            return
        row_of = conversation.encode()
        mark = self.marks.get(row_of)
        if is_before(mark, at, offset):
            return
        state = self.states.get(row_of)
        if state is None and topic in self.cut and self._began_earlier(row_of, message.message_id):
            self.carry(row_of)
            state = self.states.get(row_of)
        try:
            joined = join(state, message, self._rules.find, self._rules.bounds, generation_of(mark), offset=offset)
        except UnprocessableError:
            self.put_aside += 1
            return
        self.states.put(row_of, joined.state)

    def analysis(self, topic: str, key: bytes | None, value: bytes | None, at: datetime) -> None:
        """Take a record of an analysis topic; windows whose deadline came before it are closed first."""
        self.close_due(at)
        try:
            conversation, analysis = read_analysis(key, value)
        except (UndecodableError, UnprocessableError):
            self.put_aside += 1
            return
        row_of = conversation.encode()
        self._clock.time = at
        if analysis.generation < generation_of(self.marks.get(row_of)):
            return
        row = self.insights.get(row_of)
        is_first = row is None or analysis.agent not in row.slots
        if is_first and analysis.seq > 1 and topic in self.cut and row_of in self.served.insights:
            self.carry(row_of)
        self._rows.told(conversation, self._rows.merge(conversation, [analysis]))
        state = self.states.get(row_of)
        if state is not None:
            self.states.put(row_of, masked(state, [analysis]))

    def close_due(self, now: datetime) -> None:
        """Close and drop the windows that are due at ``now``, as a sweep would have."""
        while due := self._deadlines.due(now):
            for each in due:
                self._sweep(each, now)

    def carry(self, key: bytes) -> None:
        """Copy a conversation's served rows: they hold all that was replayed of it, and what the topics have lost."""
        try:
            self.served_states.get(key)
            before, after = self.insights.get(key), self.served_insights.get(key)
        except UndecodableError:
            self.unreadable.add(key)
            return
        _copy(self.served.conversations, self.rebuilt.conversations, key)
        _copy(self.served.insights, self.rebuilt.insights, key)
        for start in _starts(before):
            self.windows.remove(row_key(key, start))
        for start in _starts(after):
            window = self.served_windows.get(row_key(key, start))
            if window is not None:
                self.windows.put(row_key(key, start), window)
        self.rebuilt.carried.add(key)

    def _began_earlier(self, key: bytes, message_id: UUID) -> bool:
        try:
            served = self.served_states.get(key)
        except UndecodableError:
            self.unreadable.add(key)
            return False
        return served is not None and seq_of(served, message_id) != 1

    def _sweep(self, each: bytes, now: datetime) -> None:
        conversation, start = parse_row_key(each)
        row = self.windows.get(each)
        if row is None:
            return
        self._clock.time = now
        key = parse_key(conversation)
        command = WindowCommand(command="expire" if row.status == "closed" else "close", start=start)
        self._rows.told(key, self._rows.obey(key, command))


def _starts(row: InsightState | None) -> tuple[int, ...]:
    return row.windows if row else ()


def _copy(served: Rows, rebuilt: ChangedRows, key: bytes) -> None:
    if key in served:
        rebuilt[key] = served[key]
