"""How many requests a minute this worker may send: a quota that all workers share without asking one another.

quota x 0.9 x share of the partitions x a factor that falls when the server refuses and recovers with time. The shares
of all workers add up to one, for every partition has one owner.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

MARGIN = 0.9  # of the quota: the server counts by its own clock, at other moments, and shares may be seconds old
CUT = 0.85
LEAST_FACTOR = 0.05
TOLERATED = 0.01  # of a minute's requests: one that is refused now and then says nothing of the rate
MINUTE_SECONDS = 60.0
RECOVERED_PER_SECOND = 0.1 / 60.0  # so that a quota that is lower than was said is met about once in one or two minutes


@dataclass
class Share:
    """Which part of all partitions is this worker's; None while nobody has said."""

    assigned: int | None = None
    total: int = 0

    def tell(self, assigned: int, total: int) -> None:
        """Take note of how many of ``total`` partitions are assigned here."""
        if not 0 <= assigned <= total or total == 0:
            raise ValueError(f"{assigned} of {total} partitions is no share")
        self.assigned, self.total = assigned, total

    def part(self) -> float:
        """Return 0..1. All of it while nobody has said: a process without partitions of its own, such as a command."""
        return 1.0 if self.assigned is None else self.assigned / self.total


@dataclass
class Adaptive:
    """A factor, 1 at first: cut when more is refused than by chance, recovering with time.

    Times are seconds that never go back.
    """

    _factor: float = 1.0
    _cut_at: float | None = None
    _sent: deque[float] = field(default_factory=deque)
    _refused: deque[float] = field(default_factory=deque)

    def factor(self, now: float) -> float:
        """Return the factor, LEAST_FACTOR..1."""
        recovered = 0.0 if self._cut_at is None else (now - self._cut_at) * RECOVERED_PER_SECOND
        return min(1.0, self._factor + recovered)

    def sent(self, now: float) -> None:
        """Take note of a request."""
        self._sent.append(now)
        _forget_before(self._sent, now - MINUTE_SECONDS)

    def refused(self, sent_at: float, now: float) -> None:
        """Cut, once for all the requests that were on their way together: later ones were sent at the lower rate."""
        self._refused.append(now)
        _forget_before(self._refused, now - MINUTE_SECONDS)
        _forget_before(self._sent, now - MINUTE_SECONDS)
        by_chance = len(self._refused) <= TOLERATED * len(self._sent)
        if not by_chance and (self._cut_at is None or sent_at > self._cut_at):
            self._factor, self._cut_at = max(LEAST_FACTOR, self.factor(now) * CUT), now


def _forget_before(times: deque[float], since: float) -> None:
    while times and times[0] < since:
        times.popleft()


@dataclass
class Budget:
    """The whole of it. ``quota`` is in requests a minute."""

    quota: float
    share: Share = field(default_factory=Share)
    adaptive: Adaptive = field(default_factory=Adaptive)

    def requests(self, now: float) -> float:
        """Return the requests a minute that this worker may send now; 0 for one without partitions."""
        return self.quota * MARGIN * self.share.part() * self.adaptive.factor(now)
