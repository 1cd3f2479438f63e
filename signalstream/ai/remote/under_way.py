"""The total deadline of each call that is under way, and a way to let go of all of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class UnderWay:
    """The calls of one event loop."""

    def __init__(self) -> None:
        self._limits: set[asyncio.Timeout] = set()

    @asynccontextmanager
    async def until(self, deadline: float) -> AsyncIterator[None]:
        """Break the block off, with TimeoutError, at the loop's time ``deadline`` or when all is let go of."""
        async with asyncio.timeout_at(deadline) as limit:
            self._limits.add(limit)
            try:
                yield
            finally:
                self._limits.discard(limit)

    def let_go(self) -> None:
        """Break off every call that is under way."""
        now = asyncio.get_running_loop().time()
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(now)
