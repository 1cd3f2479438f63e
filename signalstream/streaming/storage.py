"""The tables on disk, which stop for good at the first fault.

Upstream sends a row's changelog record first and writes RocksDB then; when the disk is full, the record arrives, its
offset is kept as stored once there is space again (``faust/tables/base.py``, ``_on_changelog_sent``), and the row is
missing from then on. And RocksDB itself refuses everything after a failed write until it is opened anew. So here the
first fault ends the worker: nothing after it is written, no offset included, nothing is acknowledged, and the next
owner of the partitions, or this worker once it is started again, works on what is unacknowledged.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import structlog
from faust.stores.rocksdb import Store
from faust.types import TP

from signalstream.errors import ConfigurationError, StorageError
from signalstream.streaming import rewriting

REMEDY = "free some space or mend the disk, and start this worker again; its unfinished work is not lost"
MEGABYTE = 1_000_000
KEEP_OFFSETS_SECONDS = 0.2
LEAST_MEGABYTES = 16  # for the files of a few dozen empty tables; with less a worker would end again at once
log = structlog.get_logger()


class FailStopStore(Store):
    """Faust's RocksDB store; its first fault crashes the app and makes every later write fail."""

    _fault: StorageError | None = None
    _crashing: asyncio.Future[None] | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._rewriting = rewriting.Rewriting()
        self._stored: dict[int, int] = {}  # by partition: an offset that is to be kept, and when all of them are
        self._keeping: asyncio.TimerHandle | None = None

    def _open_for_partition(self, partition: int) -> Any:
        try:
            return super()._open_for_partition(partition)
        except Exception as error:
            if "lock" in repr(error):  # upstream waits for another process to let go of it
                raise
            raise self._failed(error) from error

    def value_of(self, key: bytes) -> bytes | None:
        """Return a row of the partition of the event at hand, or None. Raises StorageError."""
        return self._get(key)

    def _get(self, key: bytes) -> bytes | None:
        with self._guarded():
            found: bytes | None = super()._get(key)
            return found

    def _set(self, key: bytes, value: bytes | None) -> None:
        with self._guarded():
            super()._set(key, value)

    def _del(self, key: bytes) -> None:
        with self._guarded():
            super()._del(key)

    def set_persisted_offset(self, tp: Any, offset: int) -> None:
        """Keep how far the changelog is stored; never past a row that could not be."""
        with suppress(StorageError), self._guarded():  # called back by the producer: the app is told, nobody else
            super().set_persisted_offset(tp, offset)

    def persisted_offset(self, tp: Any) -> int | None:
        """Return how far the changelog is stored, or None."""
        kept: int | None = self._stored.get(tp.partition)
        return super().persisted_offset(tp) if kept is None else kept

    def stored_to(self, partition: int, offset: int) -> None:
        """Keep soon how far the changelog is stored: a crash before that reads a few rows again."""
        self._stored[partition] = max(offset, self._stored.get(partition, offset))
        if self._keeping is None:
            self._keeping = asyncio.get_running_loop().call_later(KEEP_OFFSETS_SECONDS, self._keep_offsets)

    def _keep_offsets(self) -> None:
        self._keeping = None
        for partition in tuple(self._stored):
            self._keep_offset(partition)

    def _keep_offset(self, partition: int) -> None:
        offset = self._stored.pop(partition, None)
        if offset is not None and partition in self._dbs:  # one that has gone is not opened again
            self.set_persisted_offset(TP(str(self.table_name), partition), offset)

    def apply_changelog_batch(self, batch: Any, to_key: Callable[[Any], Any], to_value: Callable[[Any], Any]) -> None:
        """Store rows of the changelog, then how far they go."""
        with self._guarded():
            super().apply_changelog_batch(batch, to_key, to_value)

    def revoke_partitions(self, table: Any, tps: Any) -> None:
        """Close the partitions that go elsewhere.

        Upstream drops them and runs the garbage collector, which stops the process for 0.06 s and more, for each table
        and in every rebalance, whether any partition goes or not.
        """
        for tp in tps:
            if tp.topic in table.changelog_topic.topics:
                self._close(tp.partition)

    async def stop(self) -> None:
        """Close every partition."""
        for partition in tuple(self._dbs):
            self._close(partition)

    def partitions_with(self, key: bytes) -> list[int]:
        """Return the partitions here that have a row of this key."""
        return [partition for partition, database in self._dbs.items() if database.get(key) is not None]

    def swept_to(self, partition: int) -> float:
        """Return up to what time of erasures the partition was rewritten, in epoch seconds; 0 for never."""
        return rewriting.swept_to(self.partition_path(partition))

    async def rewrite(self, partition: int, first: bytes, last: bytes, swept_to: float) -> bool:
        """Return once no file of the partition holds a removed row between the keys, and that is noted.

        False for a partition that is not here any more. Raises what RocksDB raises when it is closed meanwhile.
        """
        if partition not in self._dbs:
            return False
        await self._rewriting.rewrite(self._dbs[partition], partition, first, last)
        rewriting.note_swept(self.partition_path(partition), swept_to)
        return True

    def release(self, partition: int) -> None:
        """Close a partition, if it is open. Raises what RocksDB raises."""
        self._keep_offset(partition)
        database = self._dbs.pop(partition, None)
        if database is not None:
            self._rewriting.close(partition, database)

    def _close(self, partition: int) -> None:
        try:
            self.release(partition)
        except Exception as error:  # noqa: BLE001 - RocksDB's have no type; what was confirmed is in the changelog
            log.warning("storage.not_closed", table=self.table_name, partition=partition, detail=str(error))

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        if self._fault is not None:
            raise self._fault
        try:
            yield
        except Exception as error:
            if type(error) is not Exception:  # what RocksDB reports has no type of its own
                raise
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> StorageError:
        if self._fault is None:
            self._fault = StorageError(f"table {self.table_name} cannot be kept on disk ({error}); {REMEDY}")
            log.critical("storage.failed", table=self.table_name, detail=str(error), remedy=REMEDY)
            self._crashing = asyncio.ensure_future(self.app.crash(self._fault))
        return self._fault


def disk_part(path: Path, low_megabytes: int) -> Mapping[str, object]:
    """Describe the disk of the tables: ``ok``, ``low`` below the limit, ``read-only`` or ``gone``, and what to do."""
    try:
        free = shutil.disk_usage(path).free // MEGABYTE
    except OSError as error:
        reason = f"{path} cannot be looked at ({error.strerror}); mount it again, or mend the disk"
        return {"status": "gone", "path": str(path), "free_megabytes": 0, "reason": reason}
    part: dict[str, object] = {"status": "ok", "path": str(path), "free_megabytes": free}
    if not os.access(path, os.W_OK):
        return part | {"status": "read-only", "reason": f"{path} cannot be written; mount it writable"}
    if free < low_megabytes:
        reason = f"{path} has {free} MB left, less than {low_megabytes} MB; free some space before it is full"
        return part | {"status": "low", "reason": reason}
    return part


def check_data_dir(path: Path) -> None:
    """Create the tables' directory. Raises ConfigurationError when nothing can be written there, or next to nothing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"signalstream")
        free = shutil.disk_usage(path).free // MEGABYTE
    except OSError as error:
        raise ConfigurationError(
            f"cannot write to {path} ({error.strerror}); make it writable, free some space, "
            "or choose another with SIGNALSTREAM_DATA_DIR"
        ) from error
    if free < LEAST_MEGABYTES:
        raise ConfigurationError(
            f"the disk of {path} is full ({free} MB left, {LEAST_MEGABYTES} MB are needed to start); "
            "free some space, or choose another with SIGNALSTREAM_DATA_DIR"
        )
