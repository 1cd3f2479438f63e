"""How many questions the waiting turns need, and how many of them go before a turn that comes now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from signalstream.ai.remote.waiting import Waiting


@dataclass(frozen=True)
class Size:
    """The most that one question holds: turns, and characters of text. The first turn always fits."""

    turns: int
    characters: int

    def questions(self, turns: int, characters: int) -> int:
        """Return how many questions so many turns with so many characters need at least."""
        return max(-(-turns // self.turns), -(-characters // self.characters))


class Backlog:
    """Counts the turns that wait, by tenant and task: those share questions. Tenants take turns, as they were added."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._waiting: dict[str, dict[str, tuple[int, int]]] = {}  # tenant -> task -> turns, characters; oldest first
        self._questions: dict[str, int] = {}
        self._tickets: dict[str, int] = {}  # in the order of the tenants' turns, without gaps
        self._next_ticket = 0

    def add(self, entry: Waiting[Any]) -> None:
        """Count a turn in."""
        if entry.tenant not in self._tickets:
            self._tickets[entry.tenant] = self._next_ticket
            self._next_ticket += 1
        tasks = self._waiting.setdefault(entry.tenant, {})
        turns, characters = tasks.get(entry.task, (0, 0))
        most = self._size.characters  # a text that is longer, or a turn that is asked alone, fills a question
        more = (turns + 1, characters + (most if entry.alone else min(entry.characters, most)))
        tasks[entry.task] = more
        needed = self._size.questions(*more) - self._size.questions(turns, characters)
        self._questions[entry.tenant] = self._questions.get(entry.tenant, 0) + needed

    def recount(self, tenant: str, entries: Iterable[Waiting[Any]]) -> None:
        """Count the turns anew of the tenant whose turn it was: ``entries`` are all that still wait."""
        for counted in (self._waiting, self._questions, self._tickets):
            counted.pop(tenant, None)
        for entry in entries:
            self.add(entry)

    def ahead(self, entry: Waiting[Any]) -> int:
        """Return about how many questions go before the one that a turn may share which comes now."""
        if entry.tenant not in self._tickets:
            return len(self._tickets)
        tasks = self._waiting[entry.tenant]
        turns, characters = tasks.get(entry.task, (0, 0))
        full = max(turns // self._size.turns, characters // self._size.characters)
        place = list(tasks).index(entry.task) if entry.task in tasks else len(tasks)
        own = full * len(tasks) + place  # of the tenant's own, the one with the oldest turn goes first
        rounds = sum(min(own, needed) for needed in self._questions.values()) if own else 0
        return self._tickets[entry.tenant] - next(iter(self._tickets.values())) + rounds
