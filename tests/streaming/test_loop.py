from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from signalstream.errors import BrokerUnavailableError
from signalstream.streaming.delivery import Stage
from signalstream.streaming.lease import Lease
from signalstream.streaming.loop import run_agent, still_ours
from tests.core.analyses import BEGIN
from tests.fakes import FixedClock, RecordingOutbox
from tests.streaming.events import FakeEvent, event


class App:
    """An app that keeps the agent it is given, and a consumer that notes what is let go of."""

    def __init__(self) -> None:
        self.consumer_generation_id = 1
        self.handing_over = self.should_stop = False
        self.conf = SimpleNamespace(stream_buffer_maxsize=128)
        self.abandoned: list[int] = []
        self.acked: list[int] = []
        self.lease = Lease(6.0, lambda: self.now)
        self.now = 0.0
        self.consumer = SimpleNamespace(
            abandon=lambda message: self.abandoned.append(message.offset),
            ack=lambda message: self.acked.append(message.offset),
            lease=self.lease,
        )
        self.crashes: list[BaseException] = []
        self.hand_over_callbacks: list[Callable[[], None]] = []
        self.agents: dict[str, Callable[[Any], Any]] = {}
        self.topics: dict[str, Any] = {}

    def topic(self, *names: str, **options: Any) -> tuple[str, ...]:
        self.topics = options
        return names

    def agent(self, channel: tuple[str, ...], name: str) -> Callable[[Any], None]:
        def keep(agent: Callable[[Any], Any]) -> None:
            self.agents[f"{name} {channel}"] = agent

        return keep

    async def crash(self, error: BaseException) -> None:
        self.crashes.append(error)


class Stream:
    """A stream of events that acknowledges nothing by itself."""

    def __init__(self, events: list[FakeEvent]) -> None:
        self._events = events

    def noack(self) -> Stream:
        return self

    async def events(self) -> AsyncIterator[FakeEvent]:
        for each in self._events:
            yield each


async def run(app: App, step: Any, events: list[FakeEvent], outbox: RecordingOutbox | None = None) -> None:
    stage = Stage("pii", outbox or RecordingOutbox(), "dlq", 1, FixedClock(BEGIN), still_ours(app))  # type: ignore[arg-type]
    run_agent(app, stage, ("turns",), step, in_flight=4)  # type: ignore[arg-type]
    await app.agents["pii ('turns',)"](Stream(events))
    await all_settled(app, len(events))


async def all_settled(app: App, events: int) -> None:
    async with asyncio.timeout(5):
        while len(app.acked) + len(app.abandoned) < events:
            await asyncio.sleep(0.005)


async def test_an_agent_reads_raw_bytes_and_acknowledges_in_order_what_its_step_has_done():
    app = App()

    async def step(taken: FakeEvent) -> None:
        await asyncio.sleep(0.003 * (3 - taken.message.offset))

    await run(app, step, [event(offset=n, key=b"acme/%d" % n) for n in range(3)])

    assert app.acked == [0, 1, 2]
    assert app.topics == {"key_serializer": "raw", "value_serializer": "raw", "maxsize": 128}


async def test_a_step_that_always_fails_costs_a_dead_letter_and_the_next_record_goes_on():
    app, outbox = App(), RecordingOutbox()

    async def step(taken: FakeEvent) -> None:
        if taken.message.offset == 0:
            raise ZeroDivisionError

    await run(app, step, [event(offset=0), event(offset=1)], outbox)

    assert app.acked == [0, 1]
    assert [sent.topic for sent in outbox.sent] == ["dlq"]
    assert app.crashes == []


async def test_when_the_partitions_go_away_while_the_broker_is_absent_nothing_is_acknowledged():
    app = App()

    async def step(_: FakeEvent) -> None:
        app.handing_over = True
        raise BrokerUnavailableError("away")

    with capture_logs() as logs:
        await run(app, step, [event(offset=0), event(offset=1)])

    assert (app.acked, app.abandoned) == ([], [0, 1])
    assert [line["offset"] for line in logs if line["event"] == "record.abandoned"] == [0, 1]


async def test_a_worker_that_slept_past_its_session_starts_on_nothing_and_lets_go_once_others_have_the_partition():
    app, begun = App(), []

    async def step(taken: FakeEvent) -> None:
        begun.append(taken.message.offset)

    app.lease.renew(0.0)
    app.now = 60.0
    running = asyncio.create_task(run(app, step, [event(offset=0), event(offset=1)]))
    await asyncio.sleep(0.2)
    assert (begun, app.abandoned) == ([], [])
    app.handing_over = True
    await running

    assert (begun, app.acked, app.abandoned) == ([], [], [0, 1])


async def test_a_hand_over_waits_for_what_has_begun_and_a_backlog_behind_it_is_let_go():
    app, begun = App(), []

    async def slow(taken: FakeEvent) -> None:
        begun.append(taken.message.offset)
        await asyncio.sleep(0.05)
        app.handing_over = True

    stage = Stage("pii", RecordingOutbox(), "dlq", 1, FixedClock(BEGIN), still_ours(app))  # type: ignore[arg-type]
    run_agent(app, stage, ("turns",), slow, in_flight=8)  # type: ignore[arg-type]
    stream = Stream([event(offset=offset) for offset in range(5)])
    await app.agents["pii ('turns',)"](stream)
    await all_settled(app, 5)

    assert (begun, app.acked, app.abandoned) == ([0], [0], [1, 2, 3, 4])
    assert app.crashes == []


async def test_no_batch_is_begun_during_a_hand_over():
    app, begun = App(), []

    async def step(taken: Any) -> None:
        begun.append(taken)

    app.handing_over = True
    stage = Stage("pii", RecordingOutbox(), "dlq", 1, FixedClock(BEGIN), still_ours(app))  # type: ignore[arg-type]
    run_agent(app, stage, ("turns",), step, in_flight=8, together=step)  # type: ignore[arg-type]
    stream = Stream([event(offset=offset) for offset in range(3)])
    await app.agents["pii ('turns',)"](stream)
    await all_settled(app, 3)

    assert (begun, app.acked, app.abandoned) == ([], [], [0, 1, 2])


@pytest.mark.parametrize("yields", [True, False])
async def test_only_a_step_that_yields_is_cut_short_at_a_hand_over_and_then_nothing_is_acknowledged(yields):
    app, outbox, begun = App(), RecordingOutbox(), asyncio.Event()

    async def slow(_: FakeEvent) -> None:
        begun.set()
        await asyncio.sleep(0.05)

    stage = Stage("pii", outbox, "dlq", 1, FixedClock(BEGIN), still_ours(app))  # type: ignore[arg-type]
    run_agent(app, stage, ("turns",), slow, in_flight=4, yields=yields)  # type: ignore[arg-type]
    stream = Stream([event(offset=7)])
    await app.agents["pii ('turns',)"](stream)
    await begun.wait()
    for hand_over in app.hand_over_callbacks:
        hand_over()
    await all_settled(app, 1)

    assert (app.acked, app.abandoned) == (([], [7]) if yields else ([7], []))
    assert outbox.sent == []


@pytest.mark.parametrize(
    ("changes", "ours"),
    [
        ({}, True),
        ({"consumer_generation_id": 2}, False),
        ({"handing_over": True}, False),
        ({"should_stop": True}, False),
    ],
)
def test_a_record_is_ours_in_the_generation_that_delivered_it_until_it_is_handed_over_or_a_stop_begins(changes, ours):
    app = App()
    vars(app).update(changes)

    assert still_ours(app)(event(generation_id=1)) is ours  # type: ignore[arg-type]
