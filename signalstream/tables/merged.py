"""What analyses and window commands do to the rows of a conversation: the insights table and the windows table.

The aggregation agent does it as records come and tells of it; a rebuild does it again from the topics and tells nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from signalstream.core import merging, windows
from signalstream.core.clock import Clock
from signalstream.core.erasure import current, generation_of
from signalstream.core.keys import ConversationKey
from signalstream.core.merging import InsightState
from signalstream.core.windows import WindowPolicy
from signalstream.models.erasure import ErasureMark
from signalstream.models.intelligence import Analysis
from signalstream.models.windows import WindowCommand, WindowState
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import row_key


class Merged(NamedTuple):
    """The insight's row, the starts of the windows that are closed and still untold, and those windows' rows.

    ``taken`` are the analyses that count: those of what was erased do not.
    """

    row: InsightState
    closing: tuple[int, ...]
    closed: tuple[WindowState, ...]
    taken: tuple[Analysis, ...] = ()


@dataclass(frozen=True)
class MergedRows:
    """Merges into both tables. Call it within an event of the conversation's key; a repeat changes no row.

    ``marks`` say which generation of a conversation is the first that is not erased.
    """

    insights: TypedTable[InsightState]
    windows: TypedTable[WindowState]
    marks: TypedTable[ErasureMark]
    policy: WindowPolicy
    clock: Clock

    def row(self, key: ConversationKey) -> InsightState:
        """Return the insight's row, an empty one at first and after an erasure."""
        return self.row_and_erased(key)[0]

    def row_and_erased(self, key: ConversationKey) -> tuple[InsightState, bool]:
        """Return the row as ``row`` does, and whether one of what was erased is still in the table."""
        mark, kept = self.marks.get(key.encode()), self.insights.get(key.encode())
        row = current(kept, mark)
        return row or merging.begun(*key, generation_of(mark)), kept is not None and row is None

    def merge(self, key: ConversationKey, analyses: list[Analysis], row: InsightState | None = None) -> Merged:
        """Merge analyses into the insight and its windows, and close the windows that event time has passed.

        Those of an erased generation change nothing, and windows that were left of it go. ``row`` is the insight's,
        where it has just been read.
        """
        row, analyses = self._of_newest(key, row or self.row(key), analyses)
        if not analyses:
            return Merged(row, (), ())
        merged = merging.merge(row, analyses)
        for analysis in analyses:
            merged = merging.noted(merged, windows.event_time(analysis))
        merged = self._into_windows(key, merged, analyses)
        if merged is not row:
            merged = merging.revised(merged, self.clock.now())
        # A repeat is written too: after a crash the disk may hold a row that its changelog never got.
        self.insights.put(key.encode(), merged)
        passed = tuple(start for start in merged.open_windows if self._has_passed(key, start, merged))
        return Merged(merged, passed, self._close(key, passed, "event_time"), tuple(analyses))

    def obey(self, key: ConversationKey, command: WindowCommand) -> Merged:
        """Close or drop a window, if it is due."""
        row, start = self.row(key), command.start
        window = self.windows.get(row_key(key.encode(), start))
        if window is None or self._drop_erased(key, start, row.generation):
            return Merged(row, (), ())
        untold = start in row.open_windows
        if command.command == "close":
            is_due = windows.due(window, row.watermark, self.clock.now(), self.policy) is not None
            if is_due or (untold and window.status == "closed"):
                return Merged(row, (start,) if untold else (), self._close(key, (start,), "deadline"))
        elif windows.expired(window, self.clock.now(), command.kept_seconds):
            self.windows.remove(row_key(key.encode(), start))
            if start in row.windows:
                self.insights.put(key.encode(), _without_window(row, start))
        return Merged(row, (), ())

    def told(self, key: ConversationKey, merged: Merged) -> None:
        """Take the windows whose closing has been told from the open ones."""
        if merged.closing:
            self.insights.put(key.encode(), _without_open(merged.row, merged.closing))

    def erase_windows(self, key: ConversationKey, generation: int) -> tuple[int, ...]:
        """Remove the windows of what is older than ``generation``, and return their starts.

        Once their tombstones are confirmed, ``erase_insight`` forgets which they were.
        """
        row = self.insights.get(key.encode())
        starts = row.windows if row is not None and row.generation < generation else ()
        for start in starts:
            self.windows.bury(row_key(key.encode(), start))
        return starts

    def erase_insight(self, key: ConversationKey, generation: int) -> None:
        """Remove the insight of what is older than ``generation``."""
        row = self.insights.get(key.encode())
        if row is None or row.generation < generation:
            self.insights.bury(key.encode())

    def _of_newest(
        self, key: ConversationKey, row: InsightState, analyses: list[Analysis]
    ) -> tuple[InsightState, list[Analysis]]:
        newest = max(row.generation, *(analysis.generation for analysis in analyses))
        for analysis in analyses:
            if analysis.generation < newest:
                self._drop_erased(key, windows.start_of(analysis, self.policy), newest)
        if newest > row.generation:
            row = merging.begun(*key, newest)
        return row, [analysis for analysis in analyses if analysis.generation == newest]

    def _drop_erased(self, key: ConversationKey, start: int, generation: int) -> bool:
        window = self.windows.get(row_key(key.encode(), start))
        return window is not None and self._unerased(key, window, generation) is None

    def _unerased(self, key: ConversationKey, window: WindowState, generation: int) -> WindowState | None:
        """Return a window; None for one of what was erased, which goes."""
        if window.generation >= generation:
            return window
        self.windows.bury(row_key(key.encode(), window.start))
        return None

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
        before = self._unerased(key, window, row.generation) if window is not None else None
        before = before or windows.opened(analyses[0], self.clock.now(), self.policy, row.watermark)
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

    def _close(
        self, key: ConversationKey, starts: Iterable[int], by: Literal["event_time", "deadline"]
    ) -> tuple[WindowState, ...]:
        found = []
        for start in starts:
            window = self.windows.get(row_key(key.encode(), start))
            if window is None:
                continue
            closed = windows.close(window, by)
            if closed is not window:
                self.windows.put(row_key(key.encode(), start), closed)
            found.append(closed)
        return tuple(found)

    def _has_passed(self, key: ConversationKey, start: int, row: InsightState) -> bool:
        if not windows.passed(start, row.watermark, self.policy):
            return False
        window = self.windows.get(row_key(key.encode(), start))
        return window is None or window.status == "closed" or not window.backdated


def _without_open(row: InsightState, starts: tuple[int, ...]) -> InsightState:
    return merging.with_windows(row, row.windows, tuple(each for each in row.open_windows if each not in starts))


def _without_window(row: InsightState, start: int) -> InsightState:
    kept = tuple(each for each in row.windows if each != start)
    return merging.with_windows(row, kept, tuple(each for each in row.open_windows if each != start))
