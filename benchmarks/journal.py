"""The book of an open-loop run: when each request was due, started and accepted, and when its turn was covered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from signalstream.models.base import Model


class Samples(Model):
    """Milliseconds from the time that a request was due, in the order of requests; None where it never came.

    Counting from the due time and not from the start of the call keeps a stalled server from hiding its stall by
    holding the generator back (coordinated omission). ``late_ms`` is what the generator itself was late.
    """

    late_ms: tuple[float, ...]
    accepted_ms: tuple[float | None, ...]
    covered_ms: tuple[float | None, ...]
    failures: tuple[str, ...]


@dataclass
class Journal:
    """Times are seconds of one monotonic clock. Request k is turn ``k // conversations + 1`` of its conversation."""

    name: str
    conversations: int
    due: list[float] = field(default_factory=list)
    started: list[float] = field(default_factory=list)
    accepted: dict[int, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    all_covered: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False
    _covered: dict[int, float] = field(default_factory=dict)
    _turns: dict[str, int] = field(default_factory=dict)

    def conversation(self, request: int) -> str:
        """Return the conversation of a request."""
        return f"{self.name}-{request % self.conversations}"

    def names(self) -> Sequence[str]:
        """Return all conversations."""
        return [self.conversation(request) for request in range(self.conversations)]

    def cover(self, conversation: str, turns: int, now: float) -> None:
        """Note that a complete output for the first ``turns`` turns was seen; later repeats change nothing."""
        prefix, _, number = conversation.rpartition("-")
        if prefix != self.name:
            return
        for turn in range(self._turns.get(conversation, 0), turns):
            self._covered[turn * self.conversations + int(number)] = now
        self._turns[conversation] = max(turns, self._turns.get(conversation, 0))
        self._check()

    def close(self) -> None:
        """Say that the last request was sent; ``all_covered`` is set once every one of them is covered."""
        self._closed = True
        self._check()

    def _check(self) -> None:
        if self._closed and len(self._covered) >= len(self.due):
            self.all_covered.set()

    def samples(self) -> Samples:
        """Return the latencies."""
        return Samples(
            late_ms=tuple(_ms(due, start) for due, start in zip(self.due, self.started, strict=True)),
            accepted_ms=self._from_due(self.accepted),
            covered_ms=self._from_due(self._covered),
            failures=tuple(self.failures),
        )

    def _from_due(self, times: dict[int, float]) -> tuple[float | None, ...]:
        return tuple(_ms(due, times[k]) if k in times else None for k, due in enumerate(self.due))


def _ms(start: float, end: float) -> float:
    return round((end - start) * 1000, 3)
