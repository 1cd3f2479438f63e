"""The in-flight limit: how many calls are at the remote model at once.

More than a hundred on one gRPC channel are refused by servers that allow as many streams; the settings stay below.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class InFlight:
    """``limit`` places of one event loop, taken in the order of coming."""

    limit: int
    waiting: int = 0
    taken: int = 0
    _places: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._places = asyncio.Semaphore(self.limit)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place and have it until the block ends. The caller's deadline bounds the wait."""
        self.waiting += 1
        try:
            await self._places.acquire()
        finally:
            self.waiting -= 1
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
            self._places.release()
