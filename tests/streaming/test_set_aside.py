from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from rocksdict import Rdict

from signalstream.streaming.set_aside import set_aside


class Store(SimpleNamespace):
    """Our store as far as its partitions' databases go."""

    def __init__(self, directory: Path) -> None:
        super().__init__(_dbs={}, directory=directory)

    def partition_path(self, partition: int) -> Path:
        path: Path = self.directory / f"rows-{partition}.db"
        return path

    def _db_for_partition(self, partition: int) -> Rdict:
        if partition not in self._dbs:
            self._dbs[partition] = Rdict(str(self.partition_path(partition)))
        return self._dbs[partition]

    def release(self, partition: int) -> None:
        if partition in self._dbs:
            self._dbs.pop(partition).close()


def test_rows_that_are_set_aside_are_gone_from_the_table_and_whole_where_they_went(tmp_path):
    store = Store(tmp_path)
    store._db_for_partition(0)["kept"] = "elsewhere"
    store._db_for_partition(1)["old"] = "row"

    aside = set_aside(store, 1)

    assert list(store._dbs[1].keys()) == []
    assert list(store._dbs[0].keys()) == ["kept"]
    assert aside.parent == tmp_path
    rows = Rdict(str(aside))
    assert rows["old"] == "row"
    rows.close()


def test_rows_that_were_set_aside_before_are_not_overwritten(tmp_path):
    store = Store(tmp_path)
    names = set()
    for number in range(3):
        store._db_for_partition(1)["round"] = number
        names.add(set_aside(store, 1))
    assert len(names) == 3
    assert all(name.exists() for name in names)
