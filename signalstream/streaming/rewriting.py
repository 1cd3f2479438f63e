"""Rewriting what RocksDB has on disk, so that the bytes of removed rows are gone from its files, not only hidden.

A tombstone hides a row; its bytes stay in the write-ahead log until that is flushed, and in the files below until these
happen to be compacted, which on a quiet disk may be never. ``compact_range`` alone does not do it: files that it can
move as they are it moves, the hidden row with them. So the lowest level is asked to be rewritten too.

RocksDB works on it in threads of its own, and one of ours waits: reads and writes go on meanwhile. A database that is
being rewritten cannot be closed (``Already borrowed``), so whoever closes one does it by ``close``, which ends that.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from rocksdict import BottommostLevelCompaction, CompactOptions

SWEPT = "erased-to"  # a file of ours in a database's directory; RocksDB leaves alone what has no name of its own
END_SECONDS = 10.0


class Rewriting:
    """Rewrites the databases of one store, a partition at a time."""

    def __init__(self) -> None:
        self._running: dict[int, Future[str | None]] = {}

    async def rewrite(self, database: Any, partition: int, first: bytes, last: bytes) -> None:
        """Return once no file holds a removed row between the keys ``first`` and ``last``.

        Raises RuntimeError with what RocksDB says, also when the database is closed meanwhile.
        """
        if partition in self._running:
            raise RuntimeError(f"partition {partition} is being rewritten already")
        executor = ThreadPoolExecutor(1, thread_name_prefix="rewriting")
        held = [database]
        del database  # it is closed once nobody has it any more, and this coroutine goes on some time after ``close``
        work = self._running[partition] = executor.submit(_rewrite, held, first, last)
        executor.shutdown(wait=False)
        work.add_done_callback(lambda done: self._ended(partition, done))
        if problem := await asyncio.wrap_future(work):
            raise RuntimeError(problem)

    def close(self, partition: int, database: Any) -> None:
        """Close a partition's database, within milliseconds; what was written to it is on the disk.

        The caller lets go of it. Raises what RocksDB raises.
        """
        work = self._running.get(partition)
        if work is None:
            database.close()
            return
        database.cancel_all_background(False)  # and then it refuses to flush, too: its log has what was written
        wait([work], END_SECONDS)

    def _ended(self, partition: int, work: Future[str | None]) -> None:
        if self._running.get(partition) is work:
            del self._running[partition]


def _rewrite(held: list[Any], first: bytes, last: bytes) -> str | None:
    """Return what went wrong: an error that is raised would keep the database open, in its traceback."""
    database = held.pop()
    options = CompactOptions()
    options.set_bottommost_level_compaction(BottommostLevelCompaction.force())
    try:
        database.flush()
        database.compact_range(first, last, options)
    except Exception as error:  # noqa: BLE001 - what RocksDB reports has no type of its own
        return str(error)
    return None


def swept_to(directory: Path) -> float:
    """Return up to what time of erasures a database was rewritten, in epoch seconds; 0 for one that never was."""
    try:
        return float((directory / SWEPT).read_text())
    except (OSError, ValueError):
        return 0.0


def note_swept(directory: Path, at: float) -> None:
    """Note that a database was rewritten. Raises OSError."""
    (directory / SWEPT).write_text(f"{at}\n")
