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
    """Counts the turns that wait, by tenant and task: those share questions."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._waiting: dict[str, dict[str, tuple[int, int]]] = {}  # tenant -> task -> turns, characters
        self._questions: dict[str, int] = {}

    def add(self, entry: Waiting[Any]) -> None:
        """Count a turn in."""
        tasks = self._waiting.setdefault(entry.tenant, {})
        turns, characters = tasks.get(entry.task, (0, 0))
        most = self._size.characters  # a text that is longer, or a turn that is asked alone, fills a question
        more = (turns + 1, characters + (most if entry.alone else min(entry.characters, most)))
        tasks[entry.task] = more
        needed = self._size.questions(*more) - self._size.questions(turns, characters)
        self._questions[entry.tenant] = self._questions.get(entry.tenant, 0) + needed

    def recount(self, tenant: str, entries: Iterable[Waiting[Any]]) -> None:
        """Count a tenant's turns anew: ``entries`` are all that wait."""
        self._waiting.pop(tenant, None)
        self._questions.pop(tenant, None)
        for entry in entries:
            self.add(entry)

    def ahead(self, tenant: str) -> int:
        """Return how many questions go, at most, before one with a turn of this tenant that comes now."""
        own = max(1, self._questions.get(tenant, 0))  # tenants take turns: no other's count oftener than its own
        return sum(min(own, needed) for needed in self._questions.values())
