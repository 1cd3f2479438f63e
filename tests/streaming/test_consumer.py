from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

import pytest
from faust.types import TP, Message
from hypothesis import given, settings
from hypothesis import strategies as st
from mode import Service

from signalstream.settings import Settings
from signalstream.streaming.application import SignalApp, new_app
from signalstream.streaming.consumer import SEEK_BACKS, MendedConsumer, MendedTransport

PARTITION = TP("in", 0)
CHANGELOG = TP("signalstream-rows-changelog", 0)
BATCH = 4


def record(offset: int, generation_id: int = 1, tp: TP = PARTITION) -> Message:
    return Message(
        topic=tp.topic,
        partition=tp.partition,
        offset=offset,
        timestamp=0.0,
        timestamp_type=0,
        headers=None,
        key=None,
        value=None,
        checksum=None,
        tp=tp,
        generation_id=generation_id,
    )


class RecordingFetcher(Service):
    """Instead of the thread that fetches: it looks at the partitions a little after it was asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked_for: list[Any] = []

    async def getmany(self, active: Any, timeout: float) -> dict[TP, list[Any]]:
        await asyncio.sleep(0.001)
        self.asked_for.append(active)
        return {}


class OfflineConsumer(MendedConsumer):
    """The consumer over a log in memory: everything but the network is the real thing."""

    kept: tuple[int, ...] = ()
    position = 0
    looks_back = True
    past_the_end = 0  # a broker that has removed what was kept sends a reader there
    committed: int | None = None

    def __init__(self, app: SignalApp, log: tuple[int, ...] = ()) -> None:
        self.delivered: list[int] = []
        self.sought: list[int] = []
        self.while_delivering: Callable[[int], Any] | None = None
        self.eat_next_fetch = False
        self.fetched_for: list[Any] = []
        self.kept = log
        transport = MendedTransport([], app)
        super().__init__(
            transport,
            callback=self._take,
            on_partitions_revoked=_nothing,
            on_partitions_assigned=_nothing,
        )
        app.topics._acking_topics = {PARTITION.topic}  # type: ignore[attr-defined]
        app.consumer_generation_id = 1

    def _new_consumer_thread(self) -> RecordingFetcher:
        return RecordingFetcher(loop=self.loop, beacon=self.beacon)

    async def _take(self, message: Message) -> None:
        self.delivered.append(message.offset)
        if self.while_delivering is not None:
            await self.while_delivering(message.offset)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        batch = [offset for offset in self.kept if offset >= self.position][:BATCH]
        self.position = max(batch[-1] + 1 if batch else self.position, self.past_the_end)
        if self.eat_next_fetch:
            self.eat_next_fetch = False
            return
        for offset in batch:
            yield PARTITION, record(offset)

    async def _seek(self, partition: TP, offset: int) -> None:
        self.sought.append(offset)
        self.position = offset

    async def seek_to_committed(self) -> Mapping[TP, int | None]:
        if self.committed:
            self.position = self.committed
        return {PARTITION: self.committed}

    def assignment(self) -> set[TP]:
        return {PARTITION}

    async def _read_to(self, tps: Iterable[TP]) -> Mapping[TP, int]:
        self._looked_back = 0.0
        return dict.fromkeys(tps, self.position) if self.looks_back else {}

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        return dict.fromkeys(partitions, self.kept[0])

    async def drain(self, batches: int = 1) -> None:
        for _ in range(batches):
            await self._drain_batch()

    async def drained(self) -> None:
        """Drain until the end of the log has been delivered."""
        for _ in range(20 * (len(self.kept) + 1)):
            await self._drain_batch()
            if self.kept and self.delivered and self.delivered[-1] == self.kept[-1]:
                return
        raise AssertionError(f"stuck: {self.delivered} of {self.kept}, sought {self.sought}")


async def _nothing(*_: Any) -> None:
    return None


@pytest.fixture
def app(tmp_path) -> SignalApp:
    return offline_app(tmp_path)


def offline_app(path: Any) -> SignalApp:
    return new_app("offline", Settings(_env_file=None, data_dir=path))


async def test_records_in_order_are_delivered_once(app):
    consumer = OfflineConsumer(app, tuple(range(10)))
    await consumer.perform_seek()

    await consumer.drained()

    assert (consumer.delivered, consumer.sought) == (list(range(10)), [0])


async def test_records_that_a_fetch_took_and_threw_away_are_sought_back_and_delivered(app):
    consumer = OfflineConsumer(app, tuple(range(12)))
    await consumer.drain()
    consumer.eat_next_fetch = True

    await consumer.drained()

    assert consumer.delivered == list(range(12))
    assert consumer.sought == [4]


async def test_records_at_the_very_end_of_a_log_that_a_fetch_threw_away_are_sought_back_and_delivered(app):
    consumer = OfflineConsumer(app, tuple(range(7)))
    await consumer.perform_seek()
    await consumer.drain()
    consumer.eat_next_fetch = True

    await consumer.drain(3)

    assert (consumer.delivered, consumer.sought[1:]) == (list(range(7)), [4])


class ForgetsMeanwhile(OfflineConsumer):
    """A rebalance begins while it asks how far a partition was read."""

    async def _read_to(self, tps: Iterable[TP]) -> Mapping[TP, int]:
        found = await super()._read_to(tps)
        self._next.clear()
        return found


async def test_a_look_back_that_a_rebalance_overtakes_lets_go(app):
    consumer = ForgetsMeanwhile(app, tuple(range(4)))
    await consumer.perform_seek()

    await consumer.drain(3)

    assert (consumer.delivered, consumer.sought) == ([0, 1, 2, 3], [0])


async def test_an_end_of_a_log_that_retention_removed_is_believed_in_the_end(app):
    consumer = OfflineConsumer(app, tuple(range(4)))
    await consumer.drain()
    consumer.kept = ()
    consumer.past_the_end = 9

    await consumer.drain(SEEK_BACKS + 2)

    assert consumer.sought == [4] * SEEK_BACKS
    assert consumer._next[PARTITION] == 9


async def test_a_gap_that_compaction_left_is_believed_when_it_keeps_coming_and_counted_as_done(app):
    consumer = OfflineConsumer(app, (0, 1, 5, 6))
    await consumer.drained()

    assert (consumer.delivered, consumer.sought) == ([0, 1, 5, 6], [2] * SEEK_BACKS)
    for offset in (0, 1, 5):
        consumer.ack(record(offset))
    assert consumer._new_offset(PARTITION) == 6


@pytest.mark.parametrize("committed", [None, 0])
async def test_a_partition_without_a_commit_is_read_from_its_beginning_though_a_fetch_was_lost(app, committed):
    consumer = OfflineConsumer(app, (3, 4, 5))
    consumer.committed, consumer.eat_next_fetch = committed, True
    await consumer.drain()
    await consumer.perform_seek()

    await consumer.drained()

    assert consumer.delivered == [3, 4, 5]


async def test_a_jump_is_not_believed_because_of_one_before_a_seek(app):
    consumer = OfflineConsumer(app, tuple(range(12)))
    consumer.committed, consumer.looks_back = 4, False
    for _ in range(2):
        await consumer.perform_seek()
        consumer.eat_next_fetch = True
        await consumer.drain(2)

    await consumer.drained()

    assert consumer.sought == [4, 4]
    assert consumer.delivered == list(range(4, 12))


async def test_the_rest_of_a_batch_is_stale_when_a_seek_came_in_between(app):
    consumer = OfflineConsumer(app, tuple(range(8)))
    consumer.committed = 1

    async def rebalance(offset: int) -> None:
        if offset == 2:
            consumer.while_delivering = None
            await consumer.perform_seek()

    consumer.while_delivering = rebalance
    await consumer.perform_seek()
    await consumer.drained()

    assert consumer.delivered == [1, 2, 1, 2, 3, 4, 5, 6, 7]
    assert consumer.sought == []  # nothing of the stale rest was taken for a jump


async def test_the_fetcher_is_given_a_copy_of_the_active_partitions_that_a_rebalance_cannot_empty(app):
    consumer = OfflineConsumer(app)
    fetcher = consumer._thread
    active = {PARTITION}

    fetching = asyncio.create_task(consumer._getmany(active, 1.0))
    await asyncio.sleep(0)
    active.clear()
    await fetching

    assert fetcher.asked_for == [frozenset({PARTITION})]


async def test_a_consumer_with_nothing_to_read_wakes_when_there_is_something(app):
    consumer = OfflineConsumer(app)
    consumer.flow_active = True
    consumer._active_partitions = set()
    waiting = asyncio.create_task(consumer._wait_next_records(60.0))
    await asyncio.sleep(0.01)

    consumer.resume_partitions({PARTITION})

    assert await asyncio.wait_for(waiting, 5) == ({}, set())


async def test_an_acknowledgement_of_an_earlier_generation_counts_for_nothing_and_is_not_waited_for(app):
    consumer = OfflineConsumer(app)
    old = record(0, generation_id=1)
    consumer.track_message(old)
    app.consumer_generation_id = 2

    assert consumer.ack(old) is False
    assert consumer._new_offset(PARTITION) is None
    assert old not in consumer._unacked_messages


async def test_an_acknowledgement_of_this_generation_counts(app):
    consumer = OfflineConsumer(app)
    new = record(0)
    consumer.track_message(new)

    assert consumer.ack(new) is True
    assert consumer._new_offset(PARTITION) == 1
    assert new not in consumer._unacked_messages


async def test_an_abandoned_record_is_waited_for_no_more(app):
    consumer = OfflineConsumer(app)
    taken = record(0)
    consumer.track_message(taken)
    waiting = asyncio.create_task(consumer.wait_empty())
    await asyncio.sleep(0.05)
    assert not waiting.done()

    consumer.abandon(taken)

    await asyncio.wait_for(waiting, 0.5)
    assert consumer._new_offset(PARTITION) is None


async def test_what_was_known_of_a_partition_is_forgotten_when_it_is_revoked(app):
    consumer = OfflineConsumer(app, (0, 1, 5, 6))
    await consumer.drain(2)

    await consumer.on_partitions_revoked({PARTITION})

    assert (consumer._next, consumer._jumps) == ({}, {})


class Committing(OfflineConsumer):
    """It notes what it commits; each commit takes a turn of the event loop."""

    def __init__(self, app: SignalApp, log: tuple[int, ...] = ()) -> None:
        super().__init__(app, log)
        self.commits: list[int] = []

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        await asyncio.sleep(0)
        self.commits.extend(offsets.values())
        return True


async def test_what_is_done_is_committed_before_its_partitions_are_let_go(app):
    consumer = Committing(app, tuple(range(4)))
    await consumer.perform_seek()
    await consumer.drain()
    for offset in range(3):
        consumer.ack(record(offset))

    await consumer.on_partitions_revoked({PARTITION})

    assert consumer.commits == [3]


async def test_what_is_done_while_a_commit_is_under_way_is_committed_too(app):
    consumer = Committing(app, tuple(range(4)))
    await consumer.perform_seek()
    await consumer.drain()
    consumer.ack(record(0))
    under_way = asyncio.create_task(consumer.commit())
    await asyncio.sleep(0)
    consumer.ack(record(1))

    await consumer.commit_now()
    await under_way

    assert consumer.commits == [1, 2]


async def test_a_commit_does_not_wait_for_the_producer(app):
    consumer = Committing(app, tuple(range(4)))
    await consumer.perform_seek()
    await consumer.drain()
    consumer.ack(record(0))
    app.producer.flush = asyncio.Event().wait

    assert await asyncio.wait_for(consumer.commit(), 5)


async def test_changelog_records_need_no_order_of_ours(app):
    consumer = OfflineConsumer(app)
    consumer._read_offset[CHANGELOG] = None
    for offset in (3, 9, 4):
        await consumer._deliver_changelog(CHANGELOG, record(offset, tp=CHANGELOG))

    assert consumer.delivered == [3, 9]


LOGS = st.lists(st.integers(0, 30), min_size=1, max_size=20, unique=True).map(lambda log: tuple(sorted({0, *log})))
EVENTS = st.lists(st.sampled_from(["calm", "eaten", "sought", "sought_within", "revoked"]), max_size=14)


@settings(deadline=None, max_examples=150)
@given(LOGS, EVENTS, st.integers(0, 6))
def test_whatever_races_come_every_record_is_delivered_and_none_is_committed_before(tmp_path_factory, log, events, lag):
    app = offline_app(tmp_path_factory.getbasetemp() / "race")
    asyncio.run(asyncio.wait_for(Race(OfflineConsumer(app, log), lag).run(events), 20))


class Race:
    """A consumer among rebalances and lost fetches, whose records are acknowledged ``lag`` deliveries late.

    At most SEEK_BACKS fetches are lost between two seeks, as around a rebalance: a jump that keeps coming is believed.
    """

    def __init__(self, consumer: OfflineConsumer, lag: int) -> None:
        self.consumer = consumer
        self.lag = lag
        self.generation_began_at = 0
        self.lost_since_seek = 0

    async def run(self, events: list[str]) -> None:
        await self.consumer.perform_seek()
        for event in events:
            await getattr(self, event)()
            await self.consumer.drain()
            self.commit(self.lag)
        await self.consumer.perform_seek()  # fetches are lost around rebalances, and each ends with this
        for _ in range(5 * SEEK_BACKS * len(self.consumer.kept)):
            await self.consumer.drain()
            self.commit(0)
        assert set(self.consumer.delivered) == set(self.consumer.kept)
        assert self.consumer.committed == self.consumer.kept[-1] + 1

    def commit(self, lag: int) -> None:
        consumer, delivered = self.consumer, self.consumer.delivered
        for offset in delivered[self.generation_began_at : max(0, len(delivered) - lag)]:
            consumer.ack(record(offset, consumer.app.consumer_generation_id))
        offset = consumer._new_offset(PARTITION)
        if offset is not None:
            consumer.committed = consumer._committed_offset[PARTITION] = offset
        assert all(each in delivered for each in consumer.kept if each < (consumer.committed or 0))

    async def calm(self) -> None:
        return None

    async def eaten(self) -> None:
        self.consumer.eat_next_fetch = self.lost_since_seek < SEEK_BACKS
        self.lost_since_seek += 1

    async def sought(self) -> None:
        await self.consumer.perform_seek()
        self.lost_since_seek = 0

    async def sought_within(self) -> None:
        async def seek_once(_: int) -> None:
            self.consumer.while_delivering = None
            await self.consumer.perform_seek()

        self.consumer.while_delivering = seek_once

    async def revoked(self) -> None:
        await self.consumer.on_partitions_revoked({PARTITION})
        self.consumer.app.consumer_generation_id += 1
        self.generation_began_at = len(self.consumer.delivered)
        await self.consumer.perform_seek()
