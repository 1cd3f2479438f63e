"""Figures from samples: percentiles, medians with their spread."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Spread:
    """The median of several runs with the least and the greatest."""

    median: float
    least: float
    greatest: float

    def text(self, digits: int) -> str:
        """Return ``median (least-greatest)`` with this many decimals; the median alone when all are the same."""
        if self.least == self.greatest:
            return f"{self.median:.{digits}f}"
        return f"{self.median:.{digits}f} ({self.least:.{digits}f}\N{EN DASH}{self.greatest:.{digits}f})"


def spread(values: Iterable[float]) -> Spread | None:
    """Return the spread of the values, or None when there are none."""
    found = list(values)
    return Spread(median(found), min(found), max(found)) if found else None


def spread_text(found: Spread | None, digits: int) -> str:
    """Return the spread as a table shows it, with this many decimals."""
    return "not measured" if found is None else found.text(digits)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile: the least value that ``share`` (0..1) of all values do not exceed.

    Raises ValueError when there are no values.
    """
    if not values:
        raise ValueError("a percentile of no values")
    rank = max(1, math.ceil(share * len(values)))
    return sorted(values)[rank - 1]


def settled(values: Sequence[T], dropped_share: float = 0.2) -> Sequence[T]:
    """Return the values, in the order they were taken, without the first ``dropped_share`` of them."""
    return values[math.ceil(len(values) * dropped_share) :]
