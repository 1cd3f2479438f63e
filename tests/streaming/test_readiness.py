from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from signalstream.core.progress import Position
from signalstream.streaming import readiness
from signalstream.streaming.readiness import WorkerCondition


@dataclass
class App:
    """An app in the state that a test says."""

    id: str = "signalstream"
    is_ready: bool = True
    rebalancing: bool = False
    ready_generation: int | None = 1
    should_stop: bool = False

    lag: dict[str, Position] = field(default_factory=dict)
    come: int = 0

    def way_to_ready(self) -> dict[str, Position]:
        return {"way to ready": Position(self.come, self.come + 1)}

    def positions(self) -> dict[str, Position]:
        return self.lag

    @property
    def conf(self) -> SimpleNamespace:
        return SimpleNamespace(id=self.id)

    @property
    def consumer(self) -> SimpleNamespace:
        return SimpleNamespace(assignment=lambda: {1, 2, 3})


@dataclass
class Broker:
    """What of the ingest is asked: whether the broker answers."""

    answers: bool = True
    asked: list[float] = field(default_factory=list)

    async def reachable(self, timeout_seconds: float) -> bool:
        self.asked.append(timeout_seconds)
        return self.answers


def condition(*apps: App, broker: Broker | None = None, **probes: Any) -> WorkerCondition:
    return WorkerCondition(apps, broker or Broker(), probes)  # type: ignore[arg-type]


async def test_a_worker_is_ready_when_the_broker_answers_and_every_app_has_recovered():
    ready = await condition(App(), App("signalstream-pii")).ready()

    assert ready.ok
    assert ready.parts["signalstream-pii"] == {"status": "ok", "partitions": 3}


@pytest.mark.parametrize(
    ("app", "status"),
    [
        (App(is_ready=False, ready_generation=None), "joining"),
        (App(is_ready=False, rebalancing=True), "joining"),
        (App(is_ready=False), "recovering"),
    ],
)
async def test_one_app_that_is_not_ready_makes_the_worker_not_ready_but_still_alive(app, status):
    worker = condition(App("other"), app)
    ready = await worker.ready()

    assert not ready.ok
    assert ready.parts["signalstream"]["status"] == status
    assert (await worker.live()).ok


async def test_a_worker_without_its_broker_is_not_ready_but_still_alive():
    worker = condition(App(), broker=Broker(answers=False))

    assert not (await worker.ready()).ok
    assert (await worker.live()).ok


async def test_a_worker_that_stops_is_not_ready_and_says_so():
    ready = await condition(App(), App("signalstream-pii", is_ready=False, should_stop=True)).ready()

    assert not ready.ok
    assert ready.parts["signalstream-pii"]["status"] == "stopping"


async def test_an_app_that_has_stopped_makes_the_worker_dead():
    assert not (await condition(App(), App("signalstream-pii", should_stop=True)).live()).ok


async def test_the_broker_is_asked_at_most_once_a_second_and_for_a_bounded_time():
    broker = Broker()
    worker = condition(App(), broker=broker)
    for _ in range(5):
        await worker.ready()

    assert broker.asked == [readiness.BROKER_SECONDS]


async def test_health_says_what_ready_says_and_what_every_probe_says():
    worker = condition(App(), analyst=lambda: {"status": "degraded", "why": "quota"})
    health = await worker.health()

    assert not health.ok
    assert health.parts["analyst"] == {"status": "degraded", "why": "quota"}
    assert health.parts["worker"]["status"] == "ok"
    assert set(health.parts) == {"broker", "signalstream", "analyst", "worker"}


async def test_a_worker_that_stands_still_while_records_wait_is_not_alive_and_says_where():
    worker = condition(App(lag={"raw-3": Position(5, 9)}), App("signalstream-pii"))
    worker.stall_seconds = 0.0

    live = await worker.live()

    assert not live.ok
    assert live.parts["signalstream"]["status"] == "stalled"
    assert live.parts["signalstream"]["seconds_by_partition"] == {"raw-3": 0}
    assert live.parts["signalstream-pii"] == {"status": "ok"}


async def test_while_an_app_is_recovering_standing_still_is_not_counted():
    worker = condition(App(is_ready=False, lag={"raw-3": Position(5, 9)}))
    worker.stall_seconds = 0.0

    assert (await worker.live()).ok


async def test_a_worker_that_comes_no_nearer_to_being_ready_is_not_alive_and_says_so():
    app = App(is_ready=False)
    worker = condition(app)
    worker.stall_seconds = worker.hand_over_seconds = 0.0

    live = await worker.live()
    assert not live.ok
    assert "comes no nearer to being ready" in str(live.parts["signalstream"]["reason"])

    app.is_ready = True
    assert (await worker.live()).ok


async def test_a_worker_that_still_reads_changelogs_is_alive_however_long_that_takes():
    app = App(is_ready=False)
    worker = condition(app)
    worker.stall_seconds, worker.hand_over_seconds = 0.05, 0.0

    until = asyncio.get_running_loop().time() + 0.2
    while asyncio.get_running_loop().time() < until:
        app.come += 1
        assert (await worker.live()).ok
        await asyncio.sleep(0.01)


async def test_the_time_without_a_broker_is_no_standing_still_and_begins_anew_when_it_is_back():
    broker = Broker(answers=False)
    worker = condition(App(lag={"raw-3": Position(5, 9)}), broker=broker)
    worker.stall_seconds = 0.05

    assert (await worker.live()).ok
    await asyncio.sleep(0.1)
    assert (await worker.live()).ok

    broker.answers = True
    worker.remember_broker_seconds = 0.0
    assert (await worker.live()).ok
    await asyncio.sleep(0.1)
    assert not (await worker.live()).ok
