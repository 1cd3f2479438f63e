"""How old a copy is: when it last was level with its changelog, as far as the broker has said.

The broker says "the log ends at 90" with every fetch. A copy that has applied every record below 90 holds at least
what was true at that moment, whatever has been written since; so its age counts from there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

P = TypeVar("P")
SEEN_KEPT = 1_000  # ends that a copy has yet to reach; without the oldest ones its age is overstated, never understated


class _Seen(NamedTuple):
    end: int
    at: float


@dataclass
class Copies(Generic[P]):
    """Since when each partition's copy is known to be level. Times are monotonic, in seconds."""

    _seen: dict[P, deque[_Seen]] = field(default_factory=dict)
    _level: dict[P, float] = field(default_factory=dict)

    def saw_end(self, partition: P, end: int, at: float) -> None:
        """Note that the log's next offset was ``end`` at ``at``."""
        seen = self._seen.setdefault(partition, deque(maxlen=SEEN_KEPT))
        if not seen or seen[-1].at < at:
            seen.append(_Seen(end, at))

    def applied(self, partition: P, next_offset: int) -> None:
        """Note that every record below ``next_offset`` is in the copy."""
        seen = self._seen.get(partition)
        while seen and seen[0].end <= next_offset:
            self._level[partition] = seen.popleft().at

    def owned(self, partition: P, at: float) -> None:
        """Note that the rows here were the owner's own at ``at``."""
        self._level[partition] = max(at, self._level.get(partition, at))

    def keep(self, partitions: Iterable[P]) -> None:
        """Forget all but these: they are copied here no longer."""
        kept = set(partitions)
        for partition in (self._seen.keys() | self._level.keys()) - kept:
            self.forget(partition)

    def forget(self, partition: P) -> None:
        """Forget a copy that begins anew."""
        self._seen.pop(partition, None)
        self._level.pop(partition, None)

    def age(self, partitions: Iterable[P], now: float) -> float | None:
        """Return the age of the oldest of these copies in seconds; None when one has never been level."""
        level = [self._level.get(partition) for partition in partitions]
        known = [at for at in level if at is not None]
        return max(0.0, now - min(known)) if known and len(known) == len(level) else None
