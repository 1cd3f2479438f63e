"""A bounded number of places for work of one kind; others stand in line, and who would wait too long learns so at once.

Without the bound a backlog would be begun all at once, and everything in it would be late together: places keep what
was begun quick, and leave the waiting to those for whom there is time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from math import inf

from signalstream.errors import AnalystOverloadedError

NEWEST = 0.1  # weight of the newest in the mean time from one place to the next


class Line:
    """``places`` of one event loop, given in the order of coming."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._taken = 0
        self._line: deque[asyncio.Future[None]] = deque()
        self._between = 0.0  # seconds from one place that became free to the next, while somebody waits
        self._freed_at = 0.0

    @property
    def waiting(self) -> int:
        """Return how many stand in line."""
        return len(self._line)

    async def enter(self, until: float = inf) -> None:
        """Have a place, which ``leave`` gives back; ``until`` is the loop's time.

        Raises AnalystOverloadedError as soon as no place is to be expected by then.
        """
        if self._taken < self._places:
            self._taken += 1
            return
        loop = asyncio.get_running_loop()
        if self._line and loop.time() + self._between * (len(self._line) + 1) > until:
            raise _overloaded()  # the first in line always waits: it tells whether places become free any sooner
        if not self._line:
            self._freed_at = loop.time()
        turn = loop.create_future()
        self._line.append(turn)
        try:
            async with asyncio.timeout_at(until if until < inf else None):
                await turn
        except BaseException as error:
            self._step_out(turn)
            if isinstance(error, TimeoutError):
                raise _overloaded() from None
            raise

    def leave(self) -> None:
        """Give a place back, to whoever is the next."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                self._note(asyncio.get_running_loop().time())
                turn.set_result(None)
                return
        self._taken -= 1

    def _step_out(self, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self.leave()  # it was given a place in the same instant
        elif turn in self._line:
            self._line.remove(turn)

    def _note(self, now: float) -> None:
        self._between += NEWEST * (now - self._freed_at - self._between)
        self._freed_at = now


def _overloaded() -> AnalystOverloadedError:
    return AnalystOverloadedError("overloaded: more messages came at once than can be analysed in time")
