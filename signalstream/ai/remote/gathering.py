"""Turns that wait for budget share a question: of one tenant and never of two, up to a size.

Tenants take turns, so that one with a long backlog delays the others by one question at most. A tenant's turns go in
the order in which they came. An idle system has nothing waiting, so what comes goes at once, alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

from signalstream.ai.remote.backlog import Backlog, Size
from signalstream.ai.remote.superseding import Superseding
from signalstream.ai.remote.waiting import Outcome, Waiting
from signalstream.errors import AnalystOverloadedError, AnalystSupersededError

TOO_MANY = "overloaded: more messages wait for the model than it can be asked about in time"
T = TypeVar("T")


class Gathering(Generic[T]):
    """The waiting turns, and which of them are asked next."""

    def __init__(self, size: Size, superseding: Superseding[T]) -> None:
        self._size = size
        self._superseding = superseding
        self._lines: dict[str, deque[Waiting[T]]] = {}  # by tenant; the first in order is the next to be asked
        self._backlog = Backlog(size)

    @property
    def waiting(self) -> int:
        """Return how many turns wait."""
        return sum(map(len, self._lines.values()))

    def add(self, entry: Waiting[T]) -> None:
        """Let a turn wait. What it supersedes ends with AnalystSupersededError, and it takes that one's place."""
        older = self._superseded_by(entry)
        line = self._lines.get(entry.tenant, deque())
        if older is not None and older in line:
            line[line.index(older)] = entry
        elif older is not entry:
            self._lines.setdefault(entry.tenant, line).append(entry)
            self._backlog.add(entry)

    def ahead(self, entry: Waiting[T]) -> int:
        """Return about how many questions go before the one that a turn may share which comes now."""
        return 0 if self._superseding.waits(entry) else self._backlog.ahead(entry)

    def put_back(self, entries: Iterable[Waiting[T]]) -> None:
        """Let turns wait again, before all others of their tenant and in their order, each to be asked alone."""
        for entry in reversed(list(entries)):
            entry.alone = True
            if self._superseded_by(entry) is not entry:
                self._lines.setdefault(entry.tenant, deque()).appendleft(entry)
                self._backlog.add(entry)

    def take(self, answered_at: float = 0.0) -> list[Waiting[T]]:
        """Take the turns of the next question: one tenant's, of one task. Empty when nothing waits.

        ``answered_at`` is when its answer is likely to come, by the loop's time. A turn whose deadline is sooner ends
        with AnalystOverloadedError: else those who have waited longest would use the budget up, and all in vain.
        """
        while self._lines:
            tenant, line = next(iter(self._lines.items()))
            del self._lines[tenant]
            batch, rest = self._split(line, answered_at)
            self._backlog.recount(tenant, rest)
            if rest:
                self._lines[tenant] = rest
            if batch:
                return batch
        return []

    def _split(self, line: deque[Waiting[T]], answered_at: float) -> tuple[list[Waiting[T]], deque[Waiting[T]]]:
        batch: list[Waiting[T]] = []
        rest: deque[Waiting[T]] = deque()
        full = False
        for entry in line:
            if entry.deadline < answered_at:
                entry.end(Outcome(error=AnalystOverloadedError(TOO_MANY)))
            if entry.ended.done():
                self._superseding.leave(entry)
            elif full or not _belongs(entry, batch):
                rest.append(entry)
            elif self._fits(entry, batch):
                batch.append(entry)
                self._superseding.leave(entry)
            else:
                full = True  # a later one that would fit must not overtake it
                rest.append(entry)
        return batch, rest

    def _fits(self, entry: Waiting[T], batch: list[Waiting[T]]) -> bool:
        if not batch:
            return True
        if entry.alone or batch[0].alone or any(entry.name == other.name for other in batch):
            return False
        characters = entry.characters + sum(other.characters for other in batch)
        return len(batch) < self._size.turns and characters <= self._size.characters

    def _superseded_by(self, entry: Waiting[T]) -> Waiting[T] | None:
        older = self._superseding.enter(entry)
        if older is not None:
            older.end(Outcome(error=AnalystSupersededError("superseded")))
        return older


def _belongs(entry: Waiting[T], batch: list[Waiting[T]]) -> bool:
    return not batch or entry.task == batch[0].task
