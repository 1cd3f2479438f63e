"""What is due when: an index of keys by time, from which the due ones are taken in order."""

from __future__ import annotations

import heapq
from datetime import datetime

SLACK = 1_000  # outdated entries that the heap may hold besides as many as there are keys


class Deadlines:
    """Holds one time for each key; setting a later or earlier one replaces it."""

    def __init__(self) -> None:
        self._times: dict[bytes, datetime] = {}
        self._heap: list[tuple[datetime, bytes]] = []

    def __len__(self) -> int:
        return len(self._times)

    def set(self, key: bytes, at: datetime) -> None:
        """Note that ``key`` is due at ``at``."""
        if self._times.get(key) != at:
            self._times[key] = at
            heapq.heappush(self._heap, (at, key))
            self._tidy()

    def forget(self, key: bytes) -> None:
        """Drop a key."""
        self._times.pop(key, None)

    def clear(self) -> None:
        """Drop every key."""
        self._times.clear()
        self._heap.clear()

    def due(self, now: datetime) -> list[bytes]:
        """Take the keys that are due at ``now``, earliest first. A key stays away until it is set again."""
        taken = []
        while self._heap and self._heap[0][0] <= now:
            at, key = heapq.heappop(self._heap)
            if self._times.get(key) == at:
                del self._times[key]
                taken.append(key)
        return taken

    def _tidy(self) -> None:
        if len(self._heap) > 2 * len(self._times) + SLACK:
            self._heap = [(at, key) for key, at in self._times.items()]
            heapq.heapify(self._heap)
