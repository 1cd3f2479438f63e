"""How busy the event loop's thread is, and how long what goes to the broker and comes from it may wait for company.

A request costs some 0.2 ms in this process and as much in the broker, whether it carries one record or a hundred. Sent
as soon as one record is ready, a message of a backlog took three produce requests and a fetch and a half. A thread
that is busy all the time gains nothing by sending early: what it sends is worked on later anyway, by itself. So the
busier it is, the longer sends and fetches keep their distance; an idle one waits for nothing.

Between half idle and full is a plateau. At 100 messages/s the thread was busy for 70 % of its time without a distance,
and what came queued: at the plateau a message took 50 to 56 ms at the median instead of 63 to 76, and 83 to 103 instead
of 147 to 169 at p99. Below half idle the same distance would cost: at 40 messages/s 28 ms instead of 18.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable

Pace = Callable[[], float]
"""Returns how many seconds two requests to a node keep between them now."""

PACES = ((0.0, 0.0), (0.55, 0.0), (0.6, 0.012), (0.8, 0.012), (0.9, 0.040), (1.0, 0.040))
"""Shares of the thread's time, and the seconds that belong to each; straight lines between them."""
LONGEST_SECONDS = PACES[-1][1]
SAMPLE_SECONDS = 0.1
SMOOTHING = 0.5  # of the newest sample


class Load:
    """The share of its time that the calling thread computes. Ask it from the loop's own thread only."""

    def __init__(
        self, computed: Callable[[], float] = time.thread_time, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._computed = computed
        self._clock = clock
        self._sampled: tuple[float, float] | None = None
        self.share = 0.0
        self._pace = 0.0

    def pace(self) -> float:
        """Return how long a request may wait for company now, in seconds; a sample is taken every tenth of one."""
        now = self._clock()
        if self._sampled is None:
            self._sampled = now, self._computed()
        elif now - self._sampled[0] >= SAMPLE_SECONDS:
            self._sample(now)
        return self._pace

    def _sample(self, now: float) -> None:
        assert self._sampled is not None
        before, computed_before = self._sampled
        computed = self._computed()
        self._sampled = now, computed
        newest = min(1.0, (computed - computed_before) / (now - before))
        self.share += SMOOTHING * (newest - self.share)
        self._pace = pace_at(self.share)


def pace_at(share: float) -> float:
    """Return the seconds of distance that belong to a share of the thread's time, 0 to 1: see PACES."""
    after = min(bisect_right(PACES, share, key=lambda point: point[0]), len(PACES) - 1)
    (left, low), (right, high) = PACES[after - 1], PACES[after]
    return low + (high - low) * (share - left) / (right - left)
