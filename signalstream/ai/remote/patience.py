"""How long a turn waits for the remote model: long while it answers anything at all, short while it answers nothing.

A model may rightly take longer than an insight may be late while the model is away. When attempts fail one after
another, or several have waited for the short limit and nothing was answered that was asked after them, nobody waits
longer than that limit any more, those who wait already included, until the model answers again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

FAILURES = 3  # attempts without an answer, one after another, that are no accident
SILENT = 5  # attempts that wait for the short limit while no later one is answered: more than one message's four


class Patience:
    """``long_seconds`` and ``short_seconds`` are counted from the moment at which a turn came."""

    def __init__(self, long_seconds: float, short_seconds: float) -> None:
        self._long = long_seconds
        self._short = min(short_seconds, long_seconds)
        self._failures = 0
        self._waiting: dict[asyncio.Timeout, float] = {}
        self._begun: dict[object, float] = {}  # attempts under way, oldest first, by when they began
        self._newest_answered = float("-inf")  # when the newest attempt began that was answered

    @property
    def longest(self) -> float:
        """Return how long a turn waits while the model answers."""
        return self._long

    @property
    def seconds(self) -> float:
        """Return how long a turn waits now."""
        return self._short if self._failures >= FAILURES else self._long

    def began(self) -> Callable[[bool], None]:
        """Take in that an attempt begins; call what is returned at its end, with whether there was an answer."""
        loop, attempt = asyncio.get_running_loop(), object()
        began = self._begun[attempt] = loop.time()
        timer = loop.call_later(self._short, self._look)

        def over(answered: bool) -> None:
            timer.cancel()
            del self._begun[attempt]
            if answered:
                self._newest_answered = max(self._newest_answered, began)

        return over

    def note(self, answered: bool) -> None:
        """Take in how an attempt ended: with an answer, be it a refusal, or with none."""
        self._count(0 if answered else self._failures + 1)

    def _look(self) -> None:
        long_ago = asyncio.get_running_loop().time() - self._short
        silent = sum(self._newest_answered < began <= long_ago for began in self._begun.values())
        if silent >= SILENT:
            self._count(max(FAILURES, self._failures))

    def _count(self, failures: int) -> None:
        before, self._failures = self.seconds, failures
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
