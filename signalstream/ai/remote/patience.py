"""How long a turn waits for the remote model: long while it answers anything at all, short while it answers nothing.

A model may rightly take longer than an insight may be late while the model is away. When attempts fail one after
another and nothing is answered meanwhile, or several have waited for the short limit and nothing was answered that was
asked after them, nobody waits longer than that limit any more, those who wait already included, until the model answers
again. A false alarm is costly: whoever has waited for budget that long is given up, so a few failures between many
answers are none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

FAILURES = 3  # attempts without an answer, one after another, that are no accident
QUIET_SECONDS = 1.5  # without an answer, which a busy model never takes; among many calls three may fail by chance
SILENT = 5  # attempts that wait for the short limit while no later one is answered: more than one message's four


class Patience:
    """``long_seconds`` and ``short_seconds`` are counted from the moment at which a turn came."""

    def __init__(self, long_seconds: float, short_seconds: float) -> None:
        self._long = long_seconds
        self._short = min(short_seconds, long_seconds)
        self._failures = 0
        self._answered_at = float("-inf")
        self._is_short = False
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
        return self._short if self._is_short else self._long

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
        now = asyncio.get_running_loop().time()
        if answered:
            self._failures, self._answered_at = 0, now
            self._set(self._is_short and self._silent())
            return
        self._failures += 1
        if self._failures >= FAILURES and now - self._answered_at >= QUIET_SECONDS:
            self._set(short=True)

    def _look(self) -> None:
        if self._silent():
            self._set(short=True)

    def _silent(self) -> bool:
        long_ago = asyncio.get_running_loop().time() - self._short
        return sum(self._newest_answered < began <= long_ago for began in self._begun.values()) >= SILENT

    def _set(self, short: bool) -> None:
        if short != self._is_short:
            self._is_short = short
            for limit, came in self._waiting.items():
                if not limit.expired():
                    limit.reschedule(came + self.seconds)

    @asynccontextmanager
    async def limit(self, came: float) -> AsyncIterator[None]:
        """Bound what the block waits for. ``came`` is the loop's time; raises TimeoutError when it takes longer."""
        async with asyncio.timeout_at(came + self.seconds) as limit:
            self._waiting[limit] = came
            try:
                yield
            finally:
                del self._waiting[limit]
