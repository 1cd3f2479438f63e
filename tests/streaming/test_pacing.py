"""Fetches and sends keep their distance, and a fetch that still waits for its turn can be thrown away."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from aiokafka.producer.message_accumulator import MessageAccumulator
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.structs import TopicPartition

from signalstream.streaming.pacing import HEAD_START_SECONDS, pace_fetches, pace_sends

LEADER = 1


class Fetcher:
    """aiokafka's fetcher, as far as pacing touches it: notes when each fetch went out."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, float]] = []

    async def _proc_fetch_request(self, assignment: Any, node_id: int, request: Any) -> bool:
        self.sent.append((node_id, asyncio.get_running_loop().time()))
        return True


def _request() -> FetchRequest:
    return FetchRequest(500, 1, 52_428_800, 0, [], rack_id="")


def _paced(seconds: float) -> Fetcher:
    fetcher = Fetcher()
    pace_fetches(SimpleNamespace(_fetcher=fetcher), lambda: seconds)
    return fetcher


async def test_two_fetches_from_one_node_keep_their_distance() -> None:
    fetcher = _paced(0.05)
    for _ in range(3):
        assert await fetcher._proc_fetch_request(None, 1, _request())
    times = [at for _, at in fetcher.sent]
    assert all(later - earlier >= 0.049 for earlier, later in pairwise(times))


async def test_another_node_is_not_waited_for() -> None:
    fetcher = _paced(30.0)
    async with asyncio.timeout(5):
        assert await fetcher._proc_fetch_request(None, 1, _request())
        assert await fetcher._proc_fetch_request(None, 2, _request())


async def test_a_fetch_cancelled_while_it_waits_ends_without_an_error_as_the_closing_fetcher_expects() -> None:
    fetcher = _paced(30.0)
    await fetcher._proc_fetch_request(None, 1, _request())
    waiting = asyncio.ensure_future(fetcher._proc_fetch_request(None, 1, _request()))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await waiting is False
    assert len(fetcher.sent) == 1


def _buffer(seconds: float) -> MessageAccumulator:
    cluster = SimpleNamespace(leader_for_partition=lambda _: LEADER)
    made = MessageAccumulator(cluster, batch_size=16_384, compression_type=0, batch_ttl=30)
    pace_sends(SimpleNamespace(_message_accumulator=made), lambda: seconds)
    return made


async def _sent(buffer: MessageAccumulator, partition: int) -> list[int]:
    await buffer.add_message(TopicPartition("turns", partition), b"key", b"turn", timeout=1)
    return _taken(buffer)


def _taken(buffer: MessageAccumulator) -> list[int]:
    nodes, _ = buffer.drain_by_nodes(ignore_nodes=set())
    return sorted(place.partition for place in nodes.get(LEADER, {}))


async def test_what_comes_soon_after_a_send_waits_and_then_goes_together() -> None:
    buffer = _buffer(0.05)
    assert await _sent(buffer, 0) == [0]
    assert await _sent(buffer, 1) == []
    assert await _sent(buffer, 2) == []
    async with asyncio.timeout(5):
        await buffer.waiter()
    assert _taken(buffer) == [1, 2]


async def test_in_a_pause_only_its_end_wakes_the_sender() -> None:
    buffer = _buffer(30.0)
    assert await _sent(buffer, 0) == [0]
    assert await _sent(buffer, 1) == []
    pause = buffer.waiter()
    await _sent(buffer, 2)
    assert buffer.waiter() is pause
    assert not pause.done()


async def test_a_distance_within_the_head_start_keeps_no_send_back() -> None:
    buffer = _buffer(HEAD_START_SECONDS)
    assert [await _sent(buffer, number) for number in range(3)] == [[0], [1], [2]]


async def test_an_idle_process_sends_at_once() -> None:
    buffer = _buffer(0.0)
    assert [await _sent(buffer, number) for number in range(3)] == [[0], [1], [2]]
