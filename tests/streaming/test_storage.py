from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import faust
import pytest
from faust.streams import _current_event
from faust.types import TP

from signalstream.errors import ConfigurationError, StorageError
from signalstream.streaming.confirmed_table import ConfirmedTable
from signalstream.streaming.storage import KEEP_OFFSETS_SECONDS, FailStopStore, check_data_dir, disk_part
from tests.streaming.events import event

FULL = "IO error: No space left on device: While appending to file"
CHANGELOG = TP("changelog", 0)


@dataclass
class Disk:
    """RocksDB on a disk that may be full."""

    full: bool = False
    rows: dict[bytes, bytes] = field(default_factory=dict)

    def put(self, key: bytes, value: bytes) -> None:
        if self.full:
            raise Exception(FULL)  # noqa: TRY002 - as rocksdict does
        self.rows[key] = value

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    def close(self) -> None:
        """Close it."""


class App(faust.App):
    """Keeps why it was crashed."""

    crashes: list[BaseException]

    async def crash(self, reason: BaseException) -> None:
        self.crashes.append(reason)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FailStopStore]:
    """Give the store of a table whose partition 0 is on a disk that may be full, within an event of that partition."""
    app = App("storage", store="rocksdb://", datadir=str(tmp_path), autodiscover=False)
    app.crashes = []
    at_hand = event()
    token = _current_event.set(weakref.ref(at_hand))
    made = ConfirmedTable(app, name="rows", key_type=bytes, value_type=bytes, partitions=1).data
    made._dbs[0] = Disk()
    yield made
    _current_event.reset(token)


async def test_a_row_that_the_disk_does_not_take_ends_the_worker_and_says_why(store: FailStopStore) -> None:
    store._dbs[0].full = True
    with pytest.raises(StorageError, match=r"table rows cannot be kept on disk .*No space left.*free some space"):
        store._set(b"key", b"row")
    await asyncio.sleep(0)
    assert [type(crash) for crash in store.app.crashes] == [StorageError]


async def test_after_a_row_that_was_not_stored_nothing_else_is_and_no_offset_passes_it(store: FailStopStore) -> None:
    store._set(b"before", b"row")
    store.set_persisted_offset(CHANGELOG, 1)
    store._dbs[0].full = True
    with pytest.raises(StorageError):
        store._set(b"lost", b"row")
    store._dbs[0].full = False
    store.set_persisted_offset(CHANGELOG, 2)
    with pytest.raises(StorageError):
        store._set(b"after", b"row")
    assert store._dbs[0].rows == {b"before": b"row", store.offset_key: b"1"}


async def test_an_offset_that_cannot_be_stored_ends_the_worker_and_troubles_no_one_else(store: FailStopStore) -> None:
    store._dbs[0].full = True
    store.set_persisted_offset(CHANGELOG, 1)
    await asyncio.sleep(0)
    assert len(store.app.crashes) == 1


async def test_an_error_of_a_program_is_not_taken_for_the_disks(store: FailStopStore) -> None:
    store._dbs[0] = None
    with pytest.raises(AttributeError):
        store._set(b"key", b"row")
    await asyncio.sleep(0)
    assert store.app.crashes == []


async def test_a_partition_whose_files_cannot_be_made_ends_the_worker(store: FailStopStore, tmp_path: Path) -> None:
    store.partition_path(1).parent.mkdir(parents=True, exist_ok=True)
    store.partition_path(1).write_text("in the way")
    with pytest.raises(StorageError, match="table rows"):
        store._db_for_partition(1)
    await asyncio.sleep(0)
    assert len(store.app.crashes) == 1


async def test_another_process_on_the_files_is_waited_for(store: FailStopStore) -> None:
    held = store._db_for_partition(1)
    with pytest.raises(Exception, match="lock") as waited_for:
        store._open_for_partition(1)
    assert not isinstance(waited_for.value, StorageError)
    await asyncio.sleep(0)
    assert store.app.crashes == []
    held.close()


async def test_a_partition_that_goes_elsewhere_is_closed_and_can_be_opened_by_another(store: FailStopStore) -> None:
    gone, kept = store._db_for_partition(1), store._db_for_partition(2)
    (topic,) = store.table.changelog_topic.topics
    store.revoke_partitions(store.table, {TP(topic, 1), TP("another table's", 2)})
    with pytest.raises(Exception, match="closed"):
        gone.get(b"key")
    assert kept.get(b"key") is None
    store._db_for_partition(1)
    del store._dbs[0]
    await store.stop()
    assert store._dbs == {}
    store._open_for_partition(2).close()


async def test_a_partition_that_cannot_be_closed_is_told_and_stops_nothing(store: FailStopStore) -> None:
    opened = store._db_for_partition(1)
    await store.stop()  # the fake disk of partition 0 has no way to be closed
    assert store._dbs == {}
    with pytest.raises(Exception, match="closed"):
        opened.get(b"key")


def test_a_disk_that_is_nearly_full_says_so_in_time(tmp_path: Path) -> None:
    assert disk_part(tmp_path, 0)["status"] == "ok"
    low = disk_part(tmp_path, 10**12)
    assert low["status"] == "low"
    assert f"{tmp_path} has" in str(low["reason"])


def test_a_disk_that_is_gone_is_told_rather_than_raised(tmp_path: Path) -> None:
    gone = disk_part(tmp_path / "unmounted", 0)
    assert gone["status"] == "gone"
    assert "unmounted cannot be looked at (No such file or directory)" in str(gone["reason"])


def test_a_data_directory_is_made_and_tried(tmp_path: Path) -> None:
    check_data_dir(tmp_path / "a" / "b")

    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_data_directory_that_cannot_be_written_says_which_setting_changes_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigurationError, match="SIGNALSTREAM_DATA_DIR"):
        check_data_dir(tmp_path / "file" / "data")


async def test_how_far_the_changelog_is_stored_is_kept_soon_and_known_at_once(store: FailStopStore) -> None:
    for offset in (4, 6, 5):
        store.stored_to(0, offset)
    assert store.persisted_offset(CHANGELOG) == 6
    assert store.offset_key not in store._dbs[0].rows
    await asyncio.sleep(KEEP_OFFSETS_SECONDS * 1.5)
    assert store._dbs[0].rows == {store.offset_key: b"6"}


async def test_it_is_kept_before_a_partition_goes_and_opens_none_that_has_gone(store: FailStopStore) -> None:
    disk = store._dbs[0]
    store.stored_to(0, 6)
    store.release(0)
    assert disk.rows == {store.offset_key: b"6"}
    store.stored_to(0, 7)
    await asyncio.sleep(KEEP_OFFSETS_SECONDS * 1.5)
    assert store._dbs == {}
