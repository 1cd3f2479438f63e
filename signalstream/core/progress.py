"""Progress: whether committed offsets move on while there is something to read.

A Faust consumer can stop without an error (faust-streaming #175, #523, #532, #596). From outside that looks like a
committed offset that stays where it is although the log goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Position(NamedTuple):
    """Where a partition has been committed to, and where its log ends: the next offsets of both."""

    committed: int
    end: int

    @property
    def lag(self) -> int:
        """Return how many records wait."""
        return max(0, self.end - self.committed)


@dataclass
class ProgressWatch:
    """Remembers since when each lagging partition has stood still. ``limit_seconds`` is how long is too long."""

    limit_seconds: float
    _since: dict[str, tuple[int, float]] = field(default_factory=dict)

    def stalled(self, positions: Mapping[str, Position], now: float) -> dict[str, float]:
        """Return the partitions that have stood still with a lag for too long, with the seconds.

        ``now`` is a monotonic time in seconds. A partition that is not in ``positions`` is forgotten.
        """
        self._since = {name: self._stand(name, position, now) for name, position in positions.items() if position.lag}
        stood = {name: now - since for name, (_, since) in self._since.items()}
        return {name: seconds for name, seconds in stood.items() if seconds >= self.limit_seconds}

    def _stand(self, name: str, position: Position, now: float) -> tuple[int, float]:
        known = self._since.get(name)
        return known if known is not None and known[0] == position.committed else (position.committed, now)
