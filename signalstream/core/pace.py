"""When the next request may go out: never more than the budget within any minute, and spread over it.

Two rules hold together. The log of what went out bounds every window of sixty seconds, also when the budget changes in
between. The spacing lets a few go at once and spreads the rest evenly: without it a rush would use the budget up in
seconds and everyone after it would wait for the rest of the minute. It also keeps workers within a shared quota while
their shares change, for what one stops sending and another begins to send both change evenly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

# A little more than the minute that is promised: times are rounded, and timers wake a little early.
WINDOW_SECONDS = 60.05
ROUNDING = 1e-6  # of the spacing: sums of it are not exact
BURST_SHARE = 0.05  # of the budget may go at once after a rest; as much less is sent in a minute of steady load


@dataclass(frozen=True)
class Spacing:
    """What a budget above zero means: ``most`` in ``span`` seconds, one each ``interval``, ``slack`` of it at once."""

    most: int
    span: float
    interval: float
    slack: float


def spacing_of(budget: float) -> Spacing | None:
    """Return the spacing of requests a minute; None for no budget."""
    if budget <= 0:
        return None
    most = max(1, int(budget))
    span = WINDOW_SECONDS / min(1.0, budget)
    burst = max(1, int(most * BURST_SHARE))
    interval = span / (most - burst + 1)
    return Spacing(most, span, interval, (burst - 1 + ROUNDING) * interval)


@dataclass
class Pace:
    """Requests a minute, as a budget that may change at any time and need not be whole.

    Times are seconds of any clock that never goes back. Below one request a minute the window grows instead.
    """

    budget: float
    _spacing: Spacing | None = field(init=False)
    _taken: deque[float] = field(default_factory=deque)
    _spaced_until: float = -inf
    _paused_until: float = -inf

    def __post_init__(self) -> None:
        self._spacing = spacing_of(self.budget)

    @property
    def interval(self) -> float:
        """Return the seconds from one request to the next in steady load; inf without a budget."""
        return inf if self._spacing is None else self._spacing.interval

    def forecast(self, now: float) -> Iterator[float]:
        """Yield when the next requests may go, one after another, each as early as it may; inf when never."""
        rule, spaced = self._spacing, self._spaced_until
        earliest = max(now, self._paused_until)
        going: list[float] = []
        while rule is not None:
            at = max(earliest, spaced - rule.slack, self._room_at(rule, going))
            yield at
            going.append(at)
            spaced = max(at, spaced) + rule.interval
        while True:
            yield inf

    def take(self, now: float) -> None:
        """Note that a request goes out now. The caller has seen that it may."""
        self._forget(now)
        self._taken.append(now)
        if self._spacing is not None:
            self._spaced_until = max(now, self._spaced_until) + self._spacing.interval

    def change(self, budget: float, now: float) -> None:
        """Set the budget. What is owed to the spacing is owed in proportion."""
        before = self._spacing
        self.budget, self._spacing = budget, spacing_of(budget)
        if before is not None and self._spacing is not None and self._spaced_until > now:
            self._spaced_until = now + (self._spaced_until - now) * self._spacing.interval / before.interval

    def pause(self, until: float) -> None:
        """Let nothing go before ``until``, and nothing at once after it."""
        self._paused_until = max(self._paused_until, until)
        if self._spacing is not None:
            self._spaced_until = max(self._spaced_until, self._paused_until + self._spacing.slack)

    def left(self, now: float) -> int:
        """Return how many more the last minute would have room for."""
        self._forget(now)
        return 0 if self._spacing is None else max(0, self._spacing.most - len(self._taken))

    def _room_at(self, rule: Spacing, going: list[float]) -> float:
        index = len(self._taken) + len(going) - rule.most
        if index < 0:
            return -inf
        leaves = self._taken[index] if index < len(self._taken) else going[index - len(self._taken)]
        return leaves + rule.span

    def _forget(self, now: float) -> None:
        # The newest stays: a budget that falls below one a minute looks further back.
        while len(self._taken) > 1 and self._taken[0] + WINDOW_SECONDS <= now:
            self._taken.popleft()
