"""What an agent reads goes on together: its partitions wait for its room, and have it again, as one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP

from signalstream.settings import Settings
from signalstream.streaming.application import SignalApp, new_app
from tests.streaming.test_consumer import OfflineConsumer

RAW = {TP("raw", 0), TP("raw", 1)}
ANALYSES = {TP(topic, partition) for topic in ("sentiment", "summary") for partition in (0, 1)}
FULL = TP("summary", 1)


class TwoAgents(OfflineConsumer):
    """A consumer of what two agents read, one of them from two topics."""

    def assignment(self) -> set[TP]:
        return RAW | ANALYSES


@pytest.fixture
def app(tmp_path: Path) -> SignalApp:
    made = new_app("room", Settings(data_dir=tmp_path))
    for name, topics in (("conversation", ("raw",)), ("aggregation", ("sentiment", "summary"))):

        async def agent(stream: Any) -> None:
            async for _ in stream:
                pass

        made.agent(made.topic(*topics), name=name)(agent)
    return made


@pytest.fixture
async def consumer(app: SignalApp) -> TwoAgents:
    made = TwoAgents(app)
    made.resume_partitions(made.assignment())
    return made


def active(consumer: TwoAgents) -> set[TP]:
    return set(consumer._get_active_partitions())


async def test_all_that_an_agent_reads_waits_while_it_has_no_room_and_nothing_else(consumer: TwoAgents) -> None:
    assert active(consumer) == RAW | ANALYSES
    for _ in range(2):  # it is said for each record
        consumer.on_buffer_full(FULL)
    assert active(consumer) == RAW
    consumer.on_buffer_drop(TP("sentiment", 0))
    assert active(consumer) == RAW | ANALYSES


async def test_a_wait_for_records_is_short_while_something_waits_for_room(consumer: TwoAgents) -> None:
    waited: list[float] = []

    async def getmany(active_partitions: set[TP], timeout: float) -> dict[TP, list[Any]]:
        assert active_partitions
        waited.append(timeout)
        await asyncio.sleep(0)
        return {}

    consumer._getmany = getmany  # type: ignore[method-assign, assignment]
    await consumer._wait_next_records(1.0)
    consumer.on_buffer_full(FULL)
    await consumer._wait_next_records(1.0)
    consumer.on_buffer_drop(FULL)
    await consumer._wait_next_records(1.0)
    assert waited == [1.0, 0.02, 1.0]


async def test_a_partition_that_is_paused_stays_so_when_there_is_room_and_flows_once_it_is_resumed(
    consumer: TwoAgents,
) -> None:
    consumer.on_buffer_full(FULL)
    consumer.pause_partitions([FULL])
    consumer.on_buffer_drop(FULL)
    assert active(consumer) == (RAW | ANALYSES) - {FULL}
    consumer.resume_partitions([FULL])
    assert active(consumer) == RAW | ANALYSES
    assert not consumer._buffered_partitions


async def test_what_has_gone_elsewhere_waits_for_no_room(consumer: TwoAgents) -> None:
    consumer.on_buffer_full(FULL)
    await consumer.on_partitions_revoked(ANALYSES)
    assert not consumer._buffered_partitions
    consumer.on_buffer_drop(FULL)
    assert FULL not in consumer._buffered_partitions
