"""The rate limit: requests wait for their turn, first come first served, and learn at once when it is too late.

When the next request may go is decided by ``Pace``; here is only the waiting for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from signalstream.core.pace import Pace
from signalstream.errors import AnalystNoBudgetError

LONGEST_PAUSE_SECONDS = 3_600.0  # a server that asks for more than that is taken to be wrong


@dataclass(eq=False)
class _Waiter:
    deadline: float
    turn: asyncio.Future[None]


@dataclass
class Limiter:
    """Requests of one event loop. Deadlines are of the loop's time.

    A token that is given to a call which is cancelled in the same instant counts as used: never more go than may.
    """

    pace: Pace
    _queue: deque[_Waiter] = field(default_factory=deque)
    _timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Return how many wait for their turn."""
        return len(self._queue)

    def wait_seconds(self, others: int = 0) -> float:
        """Return how long a request that comes now would wait, after those that wait and ``others`` besides."""
        now = _now()
        return self._turn_at(now, others) - now

    def check(self, deadline: float, others: int = 0) -> None:
        """Raise AnalystNoBudgetError when a request that comes now, after ``others``, would wait past ``deadline``."""
        now = _now()
        self._refuse_late(self._turn_at(now, others), deadline, now)

    async def take(self, deadline: float) -> None:
        """Wait for a token. Raises AnalystNoBudgetError as soon as it is sure that none comes by ``deadline``."""
        now = _now()
        turn_at = self._turn_at(now)
        self._refuse_late(turn_at, deadline, now)
        if turn_at <= now and not self._queue:
            self.pace.take(now)
            return
        waiter = _Waiter(deadline, asyncio.get_running_loop().create_future())
        self._queue.append(waiter)
        self._set_timer()
        try:
            await waiter.turn
        finally:
            if waiter in self._queue:  # cancelled
                self._queue.remove(waiter)

    def change(self, requests_per_minute: float) -> None:
        """Set the budget, 0 for none at all; those that would wait too long by it learn so."""
        if requests_per_minute != self.pace.budget:
            self.pace.change(requests_per_minute, _now())
            self._reconsider()

    def pause(self, seconds: float) -> None:
        """Let nothing go for a while; those that would wait too long learn so."""
        self.pace.pause(_now() + min(seconds, LONGEST_PAUSE_SECONDS))
        self._reconsider()

    def left(self) -> int:
        """Return how many more requests the last minute would have room for."""
        return self.pace.left(_now())

    def _turn_at(self, now: float, others: int = 0) -> float:
        return next(islice(self.pace.forecast(now), len(self._queue) + others, None))

    def _reconsider(self) -> None:
        now = _now()
        turns: Iterator[float] = self.pace.forecast(now)
        turn_at = next(turns)
        for waiter in list(self._queue):
            try:
                self._refuse_late(turn_at, waiter.deadline, now)
            except AnalystNoBudgetError as error:
                self._queue.remove(waiter)
                if not waiter.turn.done():
                    waiter.turn.set_exception(error)
            else:
                turn_at = next(turns)
        self._set_timer()

    def _refuse_late(self, turn_at: float, deadline: float, now: float) -> None:
        if turn_at > deadline:
            wait = turn_at - now
            raise AnalystNoBudgetError(
                f"the budget of {self.pace.budget:.4g} requests a minute has no room for {wait:.3g} s, and the call's"
                " deadline is sooner; raise SIGNALSTREAM_REMOTE_REQUESTS_PER_MINUTE if the model's quota allows it",
                wait,
            )

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        turn_at = next(self.pace.forecast(_now()))
        if self._queue and turn_at < float("inf"):
            self._timer = asyncio.get_running_loop().call_at(turn_at, self._serve)

    def _serve(self) -> None:
        now = _now()
        while self._queue and next(self.pace.forecast(now)) <= now:
            waiter = self._queue.popleft()
            if not waiter.turn.done():
                self.pace.take(now)
                waiter.turn.set_result(None)
        self._set_timer()


def _now() -> float:
    return asyncio.get_running_loop().time()
