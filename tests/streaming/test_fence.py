"""What was ready before a freeze does not go out after it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from aiokafka.errors import KafkaTimeoutError
from aiokafka.producer.message_accumulator import MessageAccumulator
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.structs import TopicPartition

from signalstream.settings import Settings
from signalstream.streaming.application import new_app
from signalstream.streaming.fence import FencedProducer, fence

ROWS = TopicPartition("signalstream-rows-changelog", 0)
LEADER = 1


@dataclass
class SlowBuffer:
    """Faust's buffer of a busy process: each flush gives up after one record."""

    waiting: int

    @property
    def size(self) -> int:
        return self.waiting

    async def flush(self) -> None:
        self.waiting = max(0, self.waiting - 1)


@dataclass
class Client:
    """A connection to the broker: keeps what is sent."""

    sent: list[object] = field(default_factory=list)

    async def send(self, node_id: int, request: object) -> None:
        self.sent.append(request)


@pytest.fixture
def sure() -> dict[str, bool]:
    return {"sure": True}


@pytest.fixture
async def accumulator(sure: dict[str, bool]) -> MessageAccumulator:
    """Give aiokafka's own buffer, behind the fence, in front of a cluster of one."""
    cluster = SimpleNamespace(leader_for_partition=lambda _: LEADER)
    made = MessageAccumulator(cluster, batch_size=16_384, compression_type=0, batch_ttl=30)
    fence(SimpleNamespace(_message_accumulator=made, client=Client()), lambda: sure["sure"])
    return made


async def test_with_a_lease_everything_goes_out(accumulator: MessageAccumulator) -> None:
    sent = await accumulator.add_message(ROWS, b"key", b"row", timeout=1)
    nodes, _ = accumulator.drain_by_nodes(ignore_nodes=set())
    assert list(nodes[LEADER]) == [ROWS]
    assert not sent.done()


async def test_without_one_it_fails_and_what_comes_later_goes_out(
    accumulator: MessageAccumulator, sure: dict[str, bool]
) -> None:
    stale = await accumulator.add_message(ROWS, b"key", b"old row", timeout=1)
    sure["sure"] = False
    assert accumulator.drain_by_nodes(ignore_nodes=set()) == ({}, False)
    with pytest.raises(KafkaTimeoutError, match="not sure of its partitions"):
        await stale
    sure["sure"] = True
    assert accumulator.drain_by_nodes(ignore_nodes=set()) == ({}, False)
    fresh = await accumulator.add_message(ROWS, b"key", b"new row", timeout=1)
    nodes, _ = accumulator.drain_by_nodes(ignore_nodes=set())
    assert list(nodes[LEADER]) == [ROWS]
    assert not fresh.done()


async def test_what_has_left_the_buffer_unsent_fails_too_and_other_requests_go_out(sure: dict[str, bool]) -> None:
    client = Client()
    fence(
        SimpleNamespace(_message_accumulator=SimpleNamespace(drain_by_nodes=None), client=client), lambda: sure["sure"]
    )
    rows = ProduceRequest(transactional_id=None, required_acks=-1, timeout=1_000, topics=[])
    metadata = MetadataRequest([])
    await client.send(LEADER, rows)
    sure["sure"] = False
    with pytest.raises(KafkaTimeoutError, match="not sure of its partitions"):
        await client.send(LEADER, rows)
    await client.send(LEADER, metadata)
    assert client.sent == [rows, metadata]


async def test_a_flush_of_what_fails_ends(accumulator: MessageAccumulator, sure: dict[str, bool]) -> None:
    stale = await accumulator.add_message(ROWS, b"key", b"old row", timeout=1)
    sure["sure"] = False
    flushing = asyncio.create_task(accumulator.flush())
    await asyncio.sleep(0)
    accumulator.drain_by_nodes(ignore_nodes=set())
    await asyncio.wait_for(flushing, 1)
    assert isinstance(stale.exception(), KafkaTimeoutError)


async def test_every_batch_of_a_partition_fails_at_once_for_nothing_asks_again(
    accumulator: MessageAccumulator, sure: dict[str, bool]
) -> None:
    retried = await accumulator.add_message(ROWS, b"key", b"old row", timeout=1)
    nodes, _ = accumulator.drain_by_nodes(ignore_nodes=set())
    newer = await accumulator.add_message(ROWS, b"key", b"newer row", timeout=1)
    accumulator.reenqueue(nodes[LEADER][ROWS])
    sure["sure"] = False
    accumulator.drain_by_nodes(ignore_nodes=set())
    await asyncio.wait_for(accumulator.flush(), 1)
    assert isinstance(retried.exception(), KafkaTimeoutError)
    assert isinstance(newer.exception(), KafkaTimeoutError)


async def test_a_flush_that_hangs_ends_after_a_session_and_nothing_of_it_goes_out_later(
    accumulator: MessageAccumulator,
) -> None:
    app = new_app("fenced", Settings(_env_file=None, session_timeout_seconds=6))
    app.conf.broker_session_timeout = 0.1
    on_its_way = await accumulator.add_message(ROWS, b"key", b"a row that the broker never answers", timeout=1)
    accumulator.drain_by_nodes(ignore_nodes=set())
    waiting = await accumulator.add_message(ROWS, b"key", b"a row of a muted partition", timeout=1)
    app.producer._producer = SimpleNamespace(_message_accumulator=accumulator, flush=accumulator.flush)
    await asyncio.wait_for(app.producer.flush(), 2)
    assert isinstance(on_its_way.exception(), KafkaTimeoutError)
    assert isinstance(waiting.exception(), KafkaTimeoutError)
    assert accumulator.drain_by_nodes(ignore_nodes=set()) == ({}, False)


async def test_a_flush_does_not_stop_at_a_pause() -> None:
    app = new_app("fenced", Settings(_env_file=None))
    slow = SlowBuffer(waiting=5)
    app.producer.buffer = slow
    await app.producer.flush()
    assert slow.waiting == 0


def test_the_app_produces_behind_the_fence() -> None:
    app = new_app("fenced", Settings(_env_file=None))
    assert isinstance(app.producer, FencedProducer)
    assert app.producer._is_sure()  # before it has a consumer there is nothing to lose
