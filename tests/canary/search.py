"""Looking for many values in many bytes at once: by the first three bytes of each, which few places have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from tests.canary.values import Canary

CHUNK_BYTES = 4_000_000
BEGIN = 3


class Needles:
    """The spellings of canaries, ready to be looked for."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self._by_begin: dict[int, list[tuple[bytes, Canary]]] = defaultdict(list)
        self._is_begin = np.zeros(1 << 24, dtype=bool)
        self._longest = BEGIN
        for canary in canaries:
            for spelling in canary.spellings():
                begin = int.from_bytes(spelling[:BEGIN], "little")
                self._by_begin[begin].append((spelling, canary))
                self._is_begin[begin] = True
                self._longest = max(self._longest, len(spelling))

    def found(self, data: bytes) -> set[Canary]:
        """Return the canaries that stand in ``data``, in whatever spelling."""
        return {
            canary
            for chunk in self._chunks(data)
            for at, begin in self._begins(chunk)
            for spelling, canary in self._by_begin[begin]
            if chunk.startswith(spelling, at)
        }

    def _chunks(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), CHUNK_BYTES):
            yield data[at : at + CHUNK_BYTES + self._longest]

    def _begins(self, chunk: bytes) -> Iterator[tuple[int, int]]:
        if len(chunk) < BEGIN:
            return
        octets = np.frombuffer(chunk, dtype=np.uint8).astype(np.uint32)
        begins = octets[:-2] | octets[1:-1] << 8 | octets[2:] << 16
        for at in np.flatnonzero(self._is_begin[begins]).tolist():
            yield at, int(begins[at])
