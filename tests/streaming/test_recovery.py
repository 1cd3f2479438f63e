from __future__ import annotations

import logging
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from mode.utils.locks import Event

from signalstream.settings import Settings
from signalstream.streaming.application import new_app
from signalstream.streaming.recovery import MendedRecovery

STREAM = TP("in", 0)
CHANGELOG = TP("rows-changelog", 0)


class Calls(list[str]):
    """What was called, in order; ``noting`` makes a function that only notes its name."""

    def noting(self, name: str, then: Any = None) -> Any:
        def note(*args: Any) -> None:
            self.append(f"{name} {sorted(args[0])}" if args and isinstance(args[0], set) else name)
            if then is not None:
                then()

        return note

    def noting_async(self, name: str, then: Any = None) -> Any:
        note = self.noting(name, then)

        async def note_later(*args: Any) -> None:
            note(*args)

        return note_later


class OfflineRecovery(MendedRecovery):
    """The recovery's last steps over fakes of the app, its consumer and its tables."""

    def __init__(self, calls: Calls, *, assignment: set[TP] | None = None, overtaken_during: str = "") -> None:
        self.calls = calls
        overtake = {overtaken_during: self.overtake}
        self.completed = Event()
        self.log = logging.getLogger("recovery")  # type: ignore[assignment]
        table = _Table(calls)
        self.tables = _Tables(table, calls)  # type: ignore[assignment]
        self.actives_for_table = self.standbys_for_table = {table: set()}  # type: ignore[dict-item]
        consumer = SimpleNamespace(
            assignment=lambda: {STREAM, CHANGELOG} if assignment is None else assignment,
            perform_seek=calls.noting_async("seek", overtake.get("seek")),
            resume_partitions=calls.noting("resume"),
            resume_flow=calls.noting("flow"),
        )
        self.app = SimpleNamespace(  # type: ignore[assignment]
            consumer=consumer,
            consumer_generation_id=7,
            conf=SimpleNamespace(broker_request_timeout=1.0),
            on_rebalance_complete=SimpleNamespace(send=calls.noting_async("complete", overtake.get("complete"))),
            flow_control=SimpleNamespace(resume=calls.noting("flow control")),
            _fetcher=SimpleNamespace(maybe_start=calls.noting_async("fetcher")),
            assignor=SimpleNamespace(assigned_standbys=set),
            on_rebalance_end=calls.noting("rebalance end"),
            on_recovered=lambda generation: calls.append(f"recovered {generation}"),
        )

    def overtake(self) -> None:
        self.app.consumer_generation_id += 1

    def _set_recovery_ended(self) -> None:
        self.calls.append("ended")

    def _is_changelog_tp(self, tp: TP) -> bool:
        return tp == CHANGELOG

    async def _wait(self, coro: Awaitable[Any], timeout: Any = None) -> None:
        await coro


class _Table:
    def __init__(self, calls: Calls) -> None:
        self.on_recovery_completed = calls.noting_async("table told")


class _Tables(dict[str, Any]):
    def __init__(self, table: _Table, calls: Calls) -> None:
        super().__init__(rows=table)
        self.on_actives_ready = calls.noting("actives ready")
        self.on_standbys_ready = calls.noting("standbys ready")


PATHS = pytest.mark.parametrize("path", ["_resume_streams", "on_recovery_completed"])


@PATHS
async def test_stream_partitions_are_sought_before_they_are_resumed_and_then_the_app_is_told(path):
    calls = Calls()

    await getattr(OfflineRecovery(calls), path)(7)

    assert calls.index("seek") < calls.index(f"resume {[STREAM]}") < calls.index("flow") < calls.index("fetcher")
    assert calls[-2:] == ["rebalance end", "recovered 7"]
    assert "actives ready" in calls


@PATHS
@pytest.mark.parametrize("during", ["complete", "seek"])
async def test_an_overtaken_generation_resumes_nothing_and_tells_nobody_that_it_is_ready(path, during):
    calls = Calls()
    recovery = OfflineRecovery(calls, overtaken_during=during)

    await getattr(recovery, path)(7)

    assert not {f"resume {[STREAM]}", "flow", "flow control", "fetcher", "actives ready", "recovered 7"} & set(calls)
    assert not recovery.completed.is_set()


@PATHS
async def test_a_worker_without_partitions_seeks_nothing_and_is_ready(path):
    calls = Calls()

    await getattr(OfflineRecovery(calls, assignment=set()), path)(7)

    assert "seek" not in calls
    assert calls[-1] == "recovered 7"


async def test_tables_are_told_before_their_streams_flow():
    calls = Calls()

    await OfflineRecovery(calls).on_recovery_completed(7)

    assert calls.index("ended") < calls.index("table told []") < calls.index(f"resume {[STREAM]}")


def test_our_app_recovers_with_this_and_makes_it_once(tmp_path):
    app = new_app("offline", Settings(_env_file=None, data_dir=tmp_path))

    assert isinstance(app.tables.recovery, MendedRecovery)
    assert app.tables.recovery is app.tables.recovery
