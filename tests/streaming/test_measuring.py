from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from signalstream import __version__
from signalstream.core.progress import Position
from signalstream.settings import Settings
from signalstream.streaming.measuring import lag_by_topic, show_worker
from tests.fakes import RecordingMetrics
from tests.streaming.test_readiness import App


class Database:
    """A partition's rows, as many as RocksDB thinks."""

    def __init__(self, rows: int | None) -> None:
        self.rows = rows

    def property_int_value(self, name: str) -> int | None:
        assert name == "rocksdb.estimate-num-keys"
        return self.rows


@dataclass
class Counted(App):
    """An app with what is shown of it besides."""

    in_flight: dict[str, Any] = field(default_factory=dict)
    recovered_callbacks: list[Any] = field(default_factory=list)
    tables: Any = None
    rebalancing_count: int = 0
    _consumer: Any = None


def shown(path: Path, *apps: Counted) -> RecordingMetrics:
    metrics = RecordingMetrics()
    given = Settings(_env_file=None, data_dir=path, roles="core,pii")  # type: ignore[arg-type]
    show_worker(metrics, given, apps)  # type: ignore[arg-type]
    return metrics


def test_lag_is_summed_over_the_partitions_of_a_topic_and_named_by_group() -> None:
    lag = {"support.ai-x-0": Position(2, 7), "support.ai-x-1": Position(4, 5), "raw-0": Position(3, 3)}
    app = Counted("core", lag=lag)
    assert lag_by_topic("core", app) == {("core", "support.ai-x"): 6, ("core", "raw"): 0}  # type: ignore[arg-type]


def test_an_app_that_is_not_ready_shows_no_partitions_and_no_lag_of_before(tmp_path: Path) -> None:
    metrics = shown(tmp_path, Counted("core", is_ready=False, lag={"raw-0": Position(0, 9)}), Counted("pii"))
    assert metrics.now("app_ready") == {("core",): 0, ("pii",): 1}
    assert metrics.now("partitions") == {("core",): 0, ("pii",): 3}
    assert metrics.now("consumer_lag") == {}


def test_what_the_consumer_counts_is_shown_once_there_is_one(tmp_path: Path) -> None:
    app = Counted("core", rebalancing_count=2)
    metrics = shown(tmp_path, app)
    assert metrics.now("commits") == metrics.now("records_acknowledged") == {}
    app._consumer = SimpleNamespace(acknowledged=5, commit_count=1)
    assert metrics.now("commits") == {("core",): 1}
    assert metrics.now("records_acknowledged") == {("core",): 5}
    assert metrics.now("rebalances") == {("core",): 2}


def test_each_recovery_counts(tmp_path: Path) -> None:
    app = Counted("core")
    metrics = shown(tmp_path, app)
    for callback in app.recovered_callbacks * 3:
        callback()
    assert metrics.sums["recoveries", "core"] == 3


def test_tables_show_their_rows_over_the_partitions_that_are_open_and_what_is_left_to_read(tmp_path: Path) -> None:
    data = SimpleNamespace(_dbs={0: Database(4), 3: Database(None), 5: Database(6)})
    tables = {"insights": SimpleNamespace(data=data), "windows": SimpleNamespace(data=SimpleNamespace())}

    class Tables(dict[str, Any]):
        recovery = SimpleNamespace(active_remaining_total=lambda: 17)

    metrics = shown(tmp_path, Counted("core", tables=Tables(tables)))
    assert metrics.now("table_rows") == {("insights",): 10, ("windows",): 0}
    assert metrics.now("recovery_records_left") == {("core",): 17}


def test_every_stage_shows_what_it_has_in_work(tmp_path: Path) -> None:
    metrics = shown(tmp_path, Counted("core", in_flight={"conversation": lambda: 3}), Counted("pii"))
    assert metrics.now("in_flight") == {("conversation",): 3}


def test_a_worker_says_its_version_and_roles_and_how_much_room_its_disk_has(tmp_path: Path) -> None:
    metrics = shown(tmp_path)
    assert metrics.now("info") == {(__version__, "core,pii"): 1}
    assert metrics.now("disk_free_bytes")[()] > 0
    with pytest.raises(OSError, match="gone"):
        shown(tmp_path / "gone").now("disk_free_bytes")
