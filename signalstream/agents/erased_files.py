"""The sweep of files: what an erasure removed from the tables leaves this worker's disk, not only its tables.

A tombstone hides a row's bytes, and RocksDB keeps them until it happens to rewrite the file (``streaming/rewriting``).
So the files of a partition are rewritten some time after an erasure in it: many erasures are one rewriting, and only of
the range of keys that they lie in. How far that has come is noted beside the files; after a restart, or when a
partition comes from elsewhere, the marks say what is left to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from signalstream.agents.sweeping import keep_sweeping
from signalstream.core.arrival import MOST_SKEW
from signalstream.core.clock import Clock
from signalstream.models.erasure import ErasureMark
from signalstream.tables.typed import TypedTable

ROWS_PER_TURN = 200  # of the event loop
AFTER_EVERY_KEY_OF_IT = b"\xff"
log = structlog.get_logger()


class Files(Protocol):
    """The files of one table."""

    def partitions_with(self, key: bytes) -> list[int]:
        """Return the partitions here that have a row of this key."""
        ...

    def swept_to(self, partition: int) -> float:
        """Return up to what time of erasures the partition was rewritten, in epoch seconds."""
        ...

    async def rewrite(self, partition: int, first: bytes, last: bytes, swept_to: float) -> bool:
        """Return once no file of the partition holds a removed row between the keys, and that is noted.

        False for a partition that is not here any more.
        """
        ...


@dataclass
class ErasedFiles:
    """Marks of erasures → files of all tables. ``files`` are those of the marks first."""

    marks: TypedTable[ErasureMark]
    files: Callable[[], Sequence[Files]]
    clock: Clock
    interval_seconds: float
    _due: dict[int, set[bytes]] = field(default_factory=dict, init=False)
    _stale: bool = field(default=True, init=False)

    def assignment_changed(self) -> None:
        """Look at the marks before the next sweep: other partitions may be here now."""
        self._stale = True

    def erased(self, partition: int, key: bytes) -> None:
        """Note that the rows of a conversation have been removed."""
        self._due.setdefault(partition, set()).add(key)

    async def run(self, app: Any) -> None:
        """Sweep until the app stops."""
        await keep_sweeping(app, self.interval_seconds, self.sweep, "erasures.files_not_swept")

    async def sweep(self) -> int:
        """Rewrite the files that erasures were in; return of how many conversations. Raises what RocksDB reports."""
        try:
            return await self._swept()
        except BaseException:  # what was taken out of ``_due`` is found again by its mark
            self._stale = True
            raise

    async def _swept(self) -> int:
        if self._stale:
            await self._index()
        swept = 0
        for partition in list(self._due):
            keys = self._due.pop(partition)
            until = (self.clock.now() - MOST_SKEW).timestamp()  # an erasure may be under way, by another's clock
            for each in self.files():
                await each.rewrite(partition, min(keys), max(keys) + AFTER_EVERY_KEY_OF_IT, until)
            log.info("erasures.files_swept", partition=partition, conversations=len(keys))
            swept += len(keys)
        return swept

    async def _index(self) -> None:
        self._stale = False
        files = self.files()
        since: dict[int, float] = {}
        for number, (key, mark) in enumerate(self.marks.items()):
            if number % ROWS_PER_TURN == 0:
                await asyncio.sleep(0)
            for partition in files[0].partitions_with(key) if mark.told else ():
                if partition not in since:
                    since[partition] = min(each.swept_to(partition) for each in files)
                if mark.erased_at.timestamp() > since[partition]:
                    self.erased(partition, key)
