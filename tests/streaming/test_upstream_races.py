"""The races that the mended consumer and recovery are for, run on Faust's own methods: each of them does happen there.

When one of these fails after an upgrade, upstream has mended it: the part of ours that makes up for it may go.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from faust.tables.recovery import Recovery
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP, Message
from mode import Service

from tests.streaming.test_consumer import PARTITION, OfflineConsumer, offline_app, record
from tests.streaming.test_recovery import STREAM, Calls, OfflineRecovery


class Upstream(OfflineConsumer):
    """The consumer over a log in memory, with upstream's methods where ours are mended."""

    _drain_messages = Consumer._drain_messages
    _getmany = Consumer._getmany
    perform_seek = Consumer.perform_seek
    ack = Consumer.ack
    batches_left = 0

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        self.batches_left -= 1
        if not self.batches_left:
            self.fetcher._stopped.set()
        async for tp, message in super().getmany(timeout):
            yield tp, message

    async def drain(self, batches: int = 1) -> None:
        self.fetcher, self.batches_left = Service(), batches
        await self._drain_messages(self.fetcher)


@pytest.fixture
async def consumer(tmp_path: Any) -> Upstream:
    return Upstream(offline_app(tmp_path), tuple(range(12)))


async def test_records_of_a_lost_fetch_are_committed_past(consumer: Upstream) -> None:
    await consumer.drain()
    consumer.eat_next_fetch = True
    await consumer.drain(2)

    for offset in consumer.delivered:
        consumer.ack(record(offset))
    assert set(range(12)) - set(consumer.delivered) == {4, 5, 6, 7}
    assert consumer._new_offset(PARTITION) > 7


async def test_what_a_seek_in_the_middle_of_a_batch_went_back_to_is_dropped(consumer: Upstream) -> None:
    consumer.committed = 1
    before: list[int] = []

    async def rebalance(offset: int) -> None:
        if offset == 2:
            consumer.while_delivering = None
            before.extend(consumer.delivered)
            await consumer.perform_seek()

    consumer.while_delivering = rebalance
    await consumer.perform_seek()
    await consumer.drain(4)

    again = consumer.delivered[len(before) :]
    assert again[-1] == 11
    assert not {1, 2} & set(again)


async def test_a_rebalance_empties_the_partitions_of_a_fetch_under_way(consumer: Upstream) -> None:
    active = {PARTITION}
    fetching = asyncio.create_task(consumer._getmany(active, 1.0))
    await asyncio.sleep(0)
    active.clear()
    await fetching

    assert consumer._thread.asked_for == [set()]  # which the fetcher takes for all partitions


async def test_an_acknowledgement_of_an_earlier_generation_counts(consumer: Upstream) -> None:
    old = record(0, generation_id=1)
    consumer.track_message(old)
    consumer.app.consumer_generation_id = 2

    assert consumer.ack(old) is True
    assert consumer._new_offset(PARTITION) == 1


class UpstreamRecovery(OfflineRecovery):
    """The recovery over fakes, with upstream's last steps."""

    _resume_streams = Recovery._resume_streams
    on_recovery_completed = Recovery.on_recovery_completed


@pytest.mark.parametrize("path", ["_resume_streams", "on_recovery_completed"])
async def test_stream_partitions_are_resumed_before_they_are_sought(path: str) -> None:
    calls = Calls()
    recovery = UpstreamRecovery(calls)
    recovery.log.dev = recovery.log.debug  # type: ignore[attr-defined]  # mode's loggers have it

    await getattr(recovery, path)(7)

    assert calls.index(f"resume {[STREAM]}") < calls.index("seek")
