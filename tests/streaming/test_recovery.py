from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import Any

import pytest
from faust.tables.recovery import Recovery
from faust.types import TP
from mode.utils.locks import Event

from signalstream.core.changelog_tail import Look
from signalstream.settings import Settings
from signalstream.streaming.application import SignalApp, new_app
from signalstream.streaming.lease import elapsed
from signalstream.streaming.recovery import MendedRecovery, MendedTableManager

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

    def _take_in(self, event: Any) -> None:
        self.calls.append(f"taken {event}")

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
        self.changelog_queue: asyncio.Queue[Any] = asyncio.Queue()


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


@PATHS
async def test_records_of_standbys_that_wait_are_taken_in_before_the_flow_clears_its_queues(path):
    calls = Calls()
    recovery = OfflineRecovery(calls)
    recovery.tables.changelog_queue.put_nowait("record")

    await getattr(recovery, path)(7)

    assert calls.index("taken record") < calls.index("flow control")


async def test_tables_are_told_before_their_streams_flow():
    calls = Calls()

    await OfflineRecovery(calls).on_recovery_completed(7)

    assert calls.index("ended") < calls.index("table told []") < calls.index(f"resume {[STREAM]}")


def test_our_app_recovers_with_this_and_makes_it_once(tmp_path):
    app = new_app("offline", Settings(_env_file=None, data_dir=tmp_path))

    assert isinstance(app.tables.recovery, MendedRecovery)
    assert app.tables.recovery is app.tables.recovery


class Watched(MendedRecovery):
    """The recovery over a log in memory of one changelog partition, with RocksDB and the consumer left out."""

    def __init__(self, app: SignalApp, *, standby: bool = False) -> None:
        super().__init__(app, app.tables)
        self.persisted: list[int] = []
        self.applied: list[int] = []
        self.sought: list[int] = []
        self.seen: dict[TP, Look] = {}
        self.ends: dict[TP, int] = {}
        table: Any = _Rows(self.persisted, self.applied)
        self.tp_to_table[CHANGELOG] = table
        (self.standby_tps if standby else self.active_tps).add(CHANGELOG)
        app.consumer = _Consumer(self)  # type: ignore[assignment]

    def see(self, position: int, end: int, number: int) -> None:
        self.seen = {CHANGELOG: Look(position, end, number, number, 0)}

    async def look_often(self, position: int, end: int) -> None:
        for number in range(1, 10):
            self.see(position, end, number)
            await self._look()


class _Rows:
    name = "rows"

    def __init__(self, persisted: list[int], applied: list[int]) -> None:
        self.data = SimpleNamespace(set_persisted_offset=lambda tp, offset: persisted.append(offset))
        self.apply_changelog_batch = applied.extend


class _Consumer:
    def __init__(self, recovery: Watched) -> None:
        self._recovery = recovery
        self.lease = SimpleNamespace(since=None)

    def _get_active_partitions(self) -> set[TP]:
        return set(self._recovery.tp_to_table)

    async def looks(self, tps: set[TP], waiting: int) -> dict[TP, Look]:
        return {tp: look for tp, look in self._recovery.seen.items() if tp in tps}

    async def seek_wait(self, offsets: dict[TP, int]) -> None:
        self._recovery.sought.append(offsets[CHANGELOG])

    async def highwaters(self, *tps: TP) -> dict[TP, int]:
        return {tp: self._recovery.ends[tp] for tp in tps}

    async def earliest_offsets(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, 0)


@pytest.fixture
async def app(tmp_path) -> SignalApp:
    return new_app("offline", Settings(_env_file=None, data_dir=tmp_path), standby_replicas=1)


def recovering(app: SignalApp, applied: int, highwater: int) -> Watched:
    recovery = Watched(app)
    recovery.in_recovery = True
    recovery.active_offsets[CHANGELOG] = applied
    recovery.active_highwaters[CHANGELOG] = highwater
    return recovery


async def test_recovery_ends_when_fetches_bring_nothing_more_though_the_last_record_never_came(app):
    recovery = recovering(app, applied=3, highwater=7)
    recovery.buffers[recovery.tp_to_table[CHANGELOG]].append("last")  # type: ignore[arg-type]

    await recovery.look_often(position=8, end=8)

    assert recovery.signal_recovery_end.is_set()
    assert not recovery.need_recovery()
    assert (recovery.applied, recovery.persisted) == (["last"], [7])
    assert recovery.sought == [4], "a fetch may have been lost: it is read again before it is believed"


async def test_records_at_the_end_that_a_second_reading_brings_are_waited_for(app):
    recovery = recovering(app, applied=3, highwater=7)
    for number in range(1, 10):
        recovery.see(8, 8, number)
        await recovery._look()
        if recovery.sought and recovery.active_offsets[CHANGELOG] == 3:
            recovery.active_offsets[CHANGELOG] = 5  # what the first fetch had lost

    assert recovery.sought == [4, 6]


async def test_recovery_does_not_end_while_there_is_more_to_read(app):
    recovery = recovering(app, applied=3, highwater=7)

    for number in range(1, 6):
        recovery.see(3 + number, 20, number)
        await recovery._look()

    assert not recovery.signal_recovery_end.is_set()
    assert recovery.need_recovery()


@pytest.mark.parametrize("standby", [False, True])
async def test_a_rebalance_in_the_middle_of_a_look_takes_the_partitions_away_and_ends_nothing(app, standby):
    recovery = Watched(app, standby=standby)
    recovery.see(8, 8, 1)

    async def looks(tps: set[TP], waiting: int) -> dict[TP, Look]:
        recovery.active_tps.clear()
        recovery.standby_tps.clear()
        return {tp: look for tp, look in recovery.seen.items() if tp in tps}

    recovery.app.consumer.looks = looks
    await recovery._look()

    assert recovery.copies.age([CHANGELOG], elapsed()) is None
    assert recovery.persisted == []


async def test_upstream_waits_on_for_a_record_that_never_comes(app):
    recovery = recovering(app, applied=3, highwater=7)
    assert Recovery.need_recovery(recovery)  # nothing of upstream's but a record below 7 changes that


async def test_a_standbys_records_are_applied_at_every_look_and_give_its_copy_an_age(app):
    recovery = Watched(app, standby=True)
    recovery.standby_offsets[CHANGELOG] = 7
    recovery.buffers[recovery.tp_to_table[CHANGELOG]].append("row")  # type: ignore[arg-type]
    recovery.seen = {CHANGELOG: Look(8, 8, int(time.time() * 1000) - 3_000, 1, 0)}

    await recovery._look()

    assert recovery.applied == ["row"]
    assert recovery.copies.age([CHANGELOG], elapsed()) == pytest.approx(3, abs=1)


async def test_a_standby_that_is_behind_has_no_age(app):
    recovery = Watched(app, standby=True)
    recovery.standby_offsets[CHANGELOG] = 6
    recovery.see(7, 8, 1)

    await recovery._look()

    assert recovery.copies.age([CHANGELOG], elapsed()) is None


@pytest.mark.parametrize(("persisted", "set_aside"), [(7, []), (8, [(8, 8)]), (50, [(50, 8)])])
async def test_rows_that_go_further_than_their_changelog_begin_anew_and_others_go_on(app, persisted, set_aside):
    recovery = recovering(app, applied=persisted, highwater=7)
    recovery.ends[CHANGELOG] = 8
    begun: list[tuple[int, int]] = []
    recovery._begin_anew = lambda tp, offset, end: begun.append((offset, end))  # type: ignore[method-assign]

    await recovery._build_offsets(app.consumer, {CHANGELOG}, recovery.active_offsets, "active")

    assert begun == set_aside
    assert recovery.active_offsets[CHANGELOG] == (-1 if set_aside else persisted)


async def test_tables_begin_at_once_for_all_are_declared_before_anything_starts():
    calls = Calls()

    class Tables(MendedTableManager):
        def __init__(self) -> None:
            """Have no app."""

        @property
        def recovery(self) -> Any:
            return SimpleNamespace(start=calls.noting_async("recovery"))

        async def sleep(self, n: float, **_: Any) -> None:
            calls.append(f"sleep {n}")

        async def _update_channels(self) -> None:
            calls.append("channels")

    await Tables().on_start()

    assert calls == ["channels", "recovery"]
