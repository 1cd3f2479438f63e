from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.streaming.pool import BUSY_RECORDS, GATHER_SECONDS, Abandoned, OrderedPool
from tests.streaming.events import FakeEvent, event

KEYS = st.sampled_from([b"a", b"b"])
RECORDS = st.lists(st.tuples(KEYS, st.integers(0, 3), st.booleans()), min_size=1, max_size=25)


class Batches:
    """Works on single records and on batches, each for a number of turns of the loop; some batches are abandoned."""

    def __init__(self, drawn: list[tuple[bytes, int, bool]]) -> None:
        self.records = [event(key=key, offset=number) for number, (key, _, _) in enumerate(drawn)]
        self.turns = {number: turns for number, (_, turns, _) in enumerate(drawn)}
        self.abandons = {number for number, (_, _, abandons) in enumerate(drawn) if abandons}
        self.worked: list[int] = []
        self.sizes: list[int] = []
        self.acked: list[int] = []
        self.abandoned: list[int] = []

    async def one(self, record: FakeEvent) -> None:
        await self.batch([record])

    async def batch(self, records: list[FakeEvent]) -> None:
        self.sizes.append(len(records))
        for _ in range(self.turns[records[0].message.offset]):
            await asyncio.sleep(0)
        if records[0].message.offset in self.abandons:
            raise Abandoned
        self.worked += [record.message.offset for record in records]

    async def through(self) -> None:
        pool: OrderedPool[FakeEvent] = OrderedPool(self._ack, self._abandon, self._crash, 8)
        for record in self.records:
            await pool.submit(record, self.one, self.batch)
        await pool.drain()

    def _ack(self, record: FakeEvent) -> None:
        self.acked.append(record.message.offset)

    def _abandon(self, record: FakeEvent) -> None:
        self.abandoned.append(record.message.offset)

    async def _crash(self, error: BaseException) -> None:
        raise AssertionError from error


def of_key(batches: Batches, offsets: list[int], key: bytes) -> list[int]:
    return [offset for offset in offsets if batches.records[offset].key == key]


@given(RECORDS)
@settings(deadline=None, max_examples=150)
def test_in_batches_too_each_key_is_in_order_and_only_the_finished_head_is_acknowledged(
    drawn: list[tuple[bytes, int, bool]],
) -> None:
    batches = Batches(drawn)
    asyncio.run(batches.through())
    for key in (b"a", b"b"):
        worked = of_key(batches, batches.worked, key)
        assert worked == sorted(set(worked))
    assert batches.acked == list(range(len(batches.acked)))
    assert set(batches.acked) <= set(batches.worked)
    assert sorted(batches.acked + batches.abandoned) == list(range(len(drawn)))


async def test_records_that_wait_for_their_key_go_together_and_others_are_not_held_up() -> None:
    batches = Batches([(b"a", 3, False)] * 5 + [(b"b", 0, False)])
    await batches.through()
    assert sorted(batches.sizes) == [1, 5]
    assert batches.worked == [5, 0, 1, 2, 3, 4]
    assert batches.acked == [0, 1, 2, 3, 4, 5]


async def _nothing(_records: object) -> None:
    await asyncio.sleep(0)


async def _backlog(batches: Batches, enough: int) -> OrderedPool[FakeEvent]:
    """Return a pool that has been given more than comes without a backlog, each the first of its key."""
    pool: OrderedPool[FakeEvent] = OrderedPool(batches._ack, batches._abandon, batches._crash, 1_000, enough=enough)
    for number in range(BUSY_RECORDS):
        await pool.submit(event(key=b"crowd-%d" % number, offset=-1), _nothing, _nothing)
    return pool


async def _in_a_backlog(keys: list[bytes], enough: int) -> tuple[Batches, float]:
    batches, loop = Batches([(key, 0, False) for key in keys]), asyncio.get_running_loop()
    pool = await _backlog(batches, enough)
    began = loop.time()
    for record in batches.records:
        await pool.submit(record, batches.one, batches.batch)
    while len(batches.worked) < len(keys):
        await asyncio.sleep(0.002)
    seconds = loop.time() - began
    await pool.drain()
    return batches, seconds


async def test_in_a_backlog_the_first_of_a_key_waits_until_there_are_enough_and_no_longer() -> None:
    batches, seconds = await _in_a_backlog([b"a"] * 5, enough=5)
    assert batches.sizes == [5]
    assert seconds < GATHER_SECONDS * 0.9


async def test_the_last_that_is_needed_ends_the_wait() -> None:
    batches = Batches([(b"a", 0, False)] * 5)
    pool = await _backlog(batches, enough=5)
    for record in batches.records[:4]:
        await pool.submit(record, batches.one, batches.batch)
    await asyncio.sleep(0.02)
    assert batches.worked == []
    await pool.submit(batches.records[4], batches.one, batches.batch)
    await asyncio.sleep(0.02)
    assert batches.worked == [0, 1, 2, 3, 4]
    await pool.drain()


async def test_with_too_few_it_waits_its_time_and_goes_without_them() -> None:
    batches, seconds = await _in_a_backlog([b"a"] * 4, enough=5)
    assert batches.sizes == [4]
    assert seconds >= GATHER_SECONDS * 0.9
