"""Places to work in, given out in fair order: who waits takes turns with the others, tenant by tenant.

A semaphore serves in the order of coming, so that a tenant that comes with a hundred holds up whoever comes after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from contextlib import suppress

from signalstream.core.fair_order import FairOrder

Turn = asyncio.Future[None]


class FairSlots:
    """``limit`` places of one event loop. One that is free is never kept back from who waits."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._waiting: FairOrder[Turn] = FairOrder()

    async def take(self, tenant: Hashable) -> None:
        """Wait for a place; whoever has returned from here has one until it gives it back, once."""
        if self._free:  # then nobody waits
            self._free -= 1
        else:
            await self._turn(tenant)

    async def _turn(self, tenant: Hashable) -> None:
        turn: Turn = asyncio.get_running_loop().create_future()
        self._waiting.add(tenant, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                with suppress(ValueError):  # a place that was given back meanwhile has passed it over
                    self._waiting.discard(tenant, turn)
            else:  # the place was given in the same instant
                self.give_back()
            raise

    def give_back(self) -> None:
        """Let the next who waits have a place that was taken."""
        while self._waiting:
            turn = self._waiting.next()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
