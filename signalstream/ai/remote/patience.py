"""How long a turn waits for the remote model: long while it answers anything at all, short while it answers nothing.

A model may rightly take longer than an insight may be late while the model is away. An outage in which calls hang shows
only when they run out of time; from then on nobody waits longer than the short limit, those who wait already included,
until the model answers again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

FAILURES = 3  # attempts without an answer, one after another, that are no accident


class Patience:
    """``long_seconds`` and ``short_seconds`` are counted from the moment at which a turn came."""

    def __init__(self, long_seconds: float, short_seconds: float) -> None:
        self._long = long_seconds
        self._short = min(short_seconds, long_seconds)
        self._failures = 0
        self._waiting: dict[asyncio.Timeout, float] = {}

    @property
    def longest(self) -> float:
        """Return how long a turn waits while the model answers."""
        return self._long

    @property
    def seconds(self) -> float:
        """Return how long a turn waits now."""
        return self._short if self._failures >= FAILURES else self._long

    def note(self, answered: bool) -> None:
        """Take in how an attempt ended: with an answer, be it a refusal, or with none."""
        before = self.seconds
        self._failures = 0 if answered else self._failures + 1
        if self.seconds < before:
            for limit, came in self._waiting.items():
                limit.reschedule(came + self._short)

    @asynccontextmanager
    async def limit(self, came: float) -> AsyncIterator[None]:
        """Bound what the block waits for. ``came`` is the loop's time; raises TimeoutError when it takes longer."""
        async with asyncio.timeout_at(came + self.seconds) as limit:
            self._waiting[limit] = came
            try:
                yield
            finally:
                del self._waiting[limit]
