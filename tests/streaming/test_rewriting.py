from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from faust.stores.rocksdb import RocksDBOptions

from signalstream.streaming.rewriting import Rewriting, note_swept, swept_to

SECRET = b"periwinkle"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows-0.db"


@pytest.fixture
def database(path: Path) -> Iterator[Any]:
    database = opened(path)
    yield database
    database.close()


def opened(path: Path) -> Any:
    return RocksDBOptions(use_rocksdict=True).open(path)


def holding(path: Path) -> list[str]:
    """Return the files that hold the secret."""
    return sorted(each.name for each in path.rglob("*") if each.is_file() and SECRET in each.read_bytes())


async def test_the_bytes_of_removed_rows_leave_the_files_wherever_they_were(path: Path, database: Any) -> None:
    for in_log_only, neighbours in ((True, 0), (False, 0), (False, 3_000)):
        for number in range(neighbours):
            database[b"a/%d" % number] = Random(number).randbytes(200)
        database[b"a/secret"] = SECRET
        if not in_log_only:
            database.flush()
        del database[b"a/secret"]
        assert holding(path) != []

        await Rewriting().rewrite(database, 0, b"a/secret", b"a/secret\xff")

        assert holding(path) == []
    assert database[b"a/7"] == Random(7).randbytes(200)


async def test_rows_are_read_and_written_meanwhile_and_who_closes_it_ends_that(path: Path) -> None:
    database, rewriting = opened(path), Rewriting()
    for number in range(60_000):
        database[b"%d" % number] = Random(number).randbytes(600)
    work = asyncio.create_task(rewriting.rewrite(database, 0, b"", b"\xff"))
    await asyncio.sleep(0.01)
    database[b"new"] = b"row"
    assert database[b"new"] == b"row"
    with pytest.raises(RuntimeError, match="partition 0 is being rewritten already"):
        await rewriting.rewrite(database, 0, b"", b"\xff")

    rewriting.close(0, database)
    del database

    again = opened(path)
    assert again[b"new"] == b"row"
    again.close()
    with pytest.raises(RuntimeError, match=r"(?i)shutdown|manual compaction paused"):
        await work


def test_how_far_a_database_was_swept_is_noted_beside_it_and_goes_with_it(path: Path, database: Any) -> None:
    assert swept_to(path) == 0
    database[b"row"] = b"row"
    note_swept(path, 1_700_000_000.5)
    assert swept_to(path) == 1_700_000_000.5
    assert database[b"row"] == b"row"
    assert swept_to(path / "elsewhere") == 0
