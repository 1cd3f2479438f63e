"""How long something took, for counting in a process that runs for months: fixed bounds, so a fixed size."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

# Seconds, each a quarter above the one before: a percentile is told to within that.
BOUNDS = tuple(0.0005 * 1.25**step for step in range(62))
NEARLY = 0.8  # of what is known to be slow: who waited for so long meant to wait for nearly all answers


@dataclass
class Latency:
    """Counts durations in seconds by bounds; the last count is of all that took longer than the last bound."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    count: int = 0
    sum: float = 0.0
    longest: float = 0.0

    def note(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.count += 1
        self.sum += seconds
        self.longest = max(self.longest, seconds)

    def percentile(self, share: float) -> float | None:
        """Return a bound that ``share`` (0..1) of all durations do not exceed, a quarter too long at most; or None."""
        reached = 0
        for index, count in enumerate(self.counts):
            reached += count
            if count and reached >= share * self.count:
                return min(self.longest, BOUNDS[index]) if index < len(BOUNDS) else self.longest
        return None

    def summary(self) -> dict[str, float | int | None]:
        """Return count, sum, p50 and p99, in seconds; None for percentiles of nothing."""
        p50, p99 = (_rounded(self.percentile(share)) for share in (0.5, 0.99))
        return {"count": self.count, "sum": round(self.sum, 6), "p50": p50, "p99": p99}


@dataclass
class Slow:
    """Follows a high percentile of the latest durations: ``share`` of them take no longer than ``seconds``.

    What exceeds it raises it by as much as makes the two balance. An answer that nobody waited for to the end counts
    by how long it was waited for: else only the quick ones were seen, and the wait would be cut ever shorter.
    """

    share: float = 0.95
    step: float = 0.05
    seconds: float = 0.0  # until the first

    def note(self, seconds: float) -> None:
        """Take in how long something took."""
        if self.seconds == 0.0:
            self.seconds = seconds
        elif seconds > self.seconds:
            self.seconds *= 1.0 + self.step * self.share
        else:
            self.seconds *= 1.0 - self.step * (1.0 - self.share)

    def gave_up(self, seconds: float) -> None:
        """Take in that something was waited for so long and not longer."""
        if self.seconds == 0.0:
            self.seconds = seconds
        elif seconds >= NEARLY * self.seconds:
            self.seconds *= 1.0 + self.step * self.share

    def hung(self, seconds: float) -> None:
        """Take in that several were waited for so long in vain, one call for each: it may be that all became slow."""
        if seconds >= NEARLY * self.seconds:
            self.seconds = max(seconds, self.seconds) * (1.0 + self.step * self.share)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)
