"""What is shown of a worker's Faust apps, read when somebody looks: it is known anyway, and so costs nothing."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from signalstream import __version__
from signalstream.metrics.metrics import Metrics, Readings
from signalstream.settings import Settings
from signalstream.streaming.application import SignalApp

ROWS = "rocksdb.estimate-num-keys"


def show_worker(metrics: Metrics, settings: Settings, apps: Sequence[SignalApp]) -> None:
    """Let ``metrics`` show the apps, their tables, the disk, and what this worker is."""
    info: Readings = {(__version__, ",".join(settings.roles)): 1}
    metrics.read("info", lambda: info)
    metrics.read("disk_free_bytes", lambda: {(): free_bytes(settings.data_dir)})
    metrics.read("in_flight", lambda: {(stage,): read() for app in apps for stage, read in app.in_flight.items()})
    for app in apps:
        _show_app(metrics, app)


def _show_app(metrics: Metrics, app: SignalApp) -> None:
    group = app.conf.id
    metrics.read("app_ready", lambda: {(group,): app.is_ready})
    metrics.read("partitions", lambda: {(group,): len(app.consumer.assignment()) if app.is_ready else 0})
    metrics.read("consumer_lag", lambda: lag_by_topic(group, app))
    metrics.read("rebalances", lambda: {(group,): app.rebalancing_count})
    metrics.read("records_acknowledged", lambda: _of_consumer(app, lambda consumer: consumer.acknowledged))
    metrics.read("commits", lambda: _of_consumer(app, lambda consumer: consumer.commit_count))
    recovered = metrics.counter("recoveries", group)
    app.recovered_callbacks.append(recovered)
    if app.tables:
        metrics.read("recovery_records_left", lambda: {(group,): app.tables.recovery.active_remaining_total()})
        metrics.read("table_rows", lambda: {(name,): rows for name, rows in _rows(app)})


def lag_by_topic(group: str, app: SignalApp) -> Readings:
    """Return how many records wait, by group and topic, summed over partitions; nothing while it is not known."""
    waiting: Counter[str] = Counter()
    for name, position in (app.positions() if app.is_ready else {}).items():
        waiting[name.rpartition("-")[0]] += position.lag
    return {(group, topic): lag for topic, lag in waiting.items()}


def free_bytes(path: Path) -> int:
    """Return the free space of a directory's disk. Raises OSError when it cannot be looked at."""
    return shutil.disk_usage(path).free


def _of_consumer(app: SignalApp, read: Callable[[Any], float]) -> Readings:
    consumer = app._consumer  # not app.consumer, which would make one
    return {} if consumer is None else {(app.conf.id,): read(consumer)}


def _rows(app: SignalApp) -> Iterator[tuple[str, int]]:
    for name, table in app.tables.items():
        databases = getattr(table.data, "_dbs", {})
        yield name, sum(database.property_int_value(ROWS) or 0 for database in tuple(databases.values()))
