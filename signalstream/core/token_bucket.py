"""Token buckets: so many a minute, so many at once after a rest. Two numbers for each holder, no clock, no timers.

A bucket is how many tokens were missing and when: they come back evenly. So a refusal costs the refused nothing, when
the next token comes is known exactly, and another rate holds at once.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import NamedTuple

MINUTE_SECONDS = 60.0
ROUNDING = 1e-9  # of a token: sums of intervals are not exact


@dataclass(frozen=True)
class Rate:
    """``per_minute`` tokens come back in a minute, evenly; ``burst`` is the most that can be there at once, >= 1."""

    per_minute: float
    burst: int

    def __post_init__(self) -> None:
        if self.per_minute <= 0 or self.burst < 1:
            raise ValueError(f"{self} lets nothing through; a holder without a limit has no rate")

    @cached_property
    def interval(self) -> float:
        """Return the seconds in which one token comes back."""
        return MINUTE_SECONDS / self.per_minute

    def share(self, holders: int) -> Rate:
        """Return the rate of one of ``holders`` that share it; each may do one at once at the least."""
        return Rate(self.per_minute / holders, ceil(self.burst / holders))


class Standing(NamedTuple):
    """How it stands with a bucket: tokens left, seconds until it is full, seconds until there is one (0: now)."""

    rate: Rate
    remaining: int
    full_in: float
    next_in: float

    @property
    def allows(self) -> bool:
        """Say whether a token is there."""
        return self.next_in == 0


class TokenBuckets:
    """The buckets of at most ``most`` holders. Times are seconds of any clock that never goes back.

    The holder that was refused or served longest ago is forgotten first: its bucket counts as full when it comes back.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._missing: dict[Hashable, tuple[float, float]] = {}  # tokens, and when; in the order of use

    def __len__(self) -> int:
        return len(self._missing)

    def look(self, holder: Hashable, rate: Rate, now: float) -> Standing:
        """Return how it stands, and take nothing."""
        return _standing(rate, self._missing_now(holder, rate, now))

    def take(self, holder: Hashable, rate: Rate, now: float) -> Standing:
        """Take a token if there is one; return how it stood before."""
        missing = self._missing_now(holder, rate, now)
        standing = _standing(rate, missing)
        self._keep(holder, missing + (1.0 if standing.allows else 0.0), now)
        return standing

    def spend(self, holder: Hashable, rate: Rate, now: float) -> Standing:
        """Take a token that is known to be there; return how it stands then."""
        missing = self._missing_now(holder, rate, now) + 1.0
        self._keep(holder, missing, now)
        return _standing(rate, missing)

    def _keep(self, holder: Hashable, missing: float, now: float) -> None:
        self._missing.pop(holder, None)
        self._missing[holder] = (missing, now)
        if len(self._missing) > self._most:
            del self._missing[next(iter(self._missing))]

    def _missing_now(self, holder: Hashable, rate: Rate, now: float) -> float:
        missing, since = self._missing.get(holder, (0.0, now))
        return max(0.0, missing - (now - since) / rate.interval)


def _standing(rate: Rate, missing: float) -> Standing:
    tokens = rate.burst - missing + ROUNDING
    return Standing(rate, max(0, int(tokens)), missing * rate.interval, max(0.0, 1.0 - tokens) * rate.interval)
