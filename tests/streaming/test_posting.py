"""The short way into a producer's buffer leads where the long one does."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError, ProducerClosed
from aiokafka.producer import AIOKafkaProducer
from aiokafka.protocol.metadata import MetadataResponse_v1
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from signalstream.streaming.delivery import ProducerOutbox
from signalstream.streaming.fence import fail_what_waits, fence
from signalstream.streaming.posting import Poster

TOPIC = "signalstream.conversation.turns"
BATCH_BYTES = 2_000
KEYS = st.binary(max_size=40)
VALUES = st.none() | st.binary(max_size=600)
HEADERS = st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=20)), max_size=3)


def cluster(partitions: int) -> Any:
    """Return the metadata of a cluster of one with a topic."""
    known = [(0, number, 1, [1], [1]) for number in range(partitions)]
    return MetadataResponse_v1([(1, "localhost", 1, None)], 1, [(0, TOPIC, False, known)])


def producer(partitions: int = 8) -> AIOKafkaProducer:
    """Return aiokafka's own producer, that knows a topic, sends nothing and waits for no room."""
    made = AIOKafkaProducer(
        bootstrap_servers="localhost:1", max_batch_size=BATCH_BYTES, max_request_size=BATCH_BYTES * 2
    )
    made.client.cluster.update_metadata(cluster(partitions))
    return made


def buffered(made: AIOKafkaProducer) -> dict[int, list[tuple[Any, ...]]]:
    """Take what is in the buffer: each partition's records in the order that they would leave in."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    while made._message_accumulator._batches:
        nodes, _ = made._message_accumulator.drain_by_nodes(ignore_nodes=set())
        for place, batch in nodes[1].items():
            found.setdefault(place.partition, []).extend(
                (record.key, record.value, record.headers)
                for record in DefaultRecordBatch(bytearray(batch.get_data_buffer()))
            )
            batch.done(0, -1)
    return found


async def _closed(*producers: AIOKafkaProducer) -> None:
    for made in producers:
        fail_what_waits(made)
        await made.client.close()
        made._closed = True


@given(records=st.lists(st.tuples(KEYS, VALUES, HEADERS), min_size=1, max_size=30), partitions=st.integers(1, 12))
def test_each_record_goes_to_the_partition_with_the_bytes_and_in_the_order_of_the_usual_way(records, partitions):
    async def both() -> None:
        short, usual = producer(partitions), producer(partitions)
        poster = Poster(short)
        try:
            for key, value, headers in records:
                assert poster.post(TOPIC, key, value, headers) is not None
            sending = [
                asyncio.create_task(usual.send(TOPIC, value, key, headers=headers)) for key, value, headers in records
            ]
            expected: dict[int, list[tuple[Any, ...]]] = {}
            for task in sending:  # one by one, as upstream keeps the order of those that wait for room only then
                while not task.done():
                    await asyncio.sleep(0)
                    for number, taken in buffered(usual).items():
                        expected.setdefault(number, []).extend(taken)
            for number, taken in buffered(usual).items():
                expected.setdefault(number, []).extend(taken)
            found = buffered(short)
            assert {number: sorted(map(repr, taken)) for number, taken in found.items()} == {
                number: sorted(map(repr, taken)) for number, taken in expected.items()
            }
            assert found == in_order(records, found)
        finally:
            await _closed(short, usual)

    asyncio.run(both())


def in_order(records: list[Any], found: dict[int, list[tuple[Any, ...]]]) -> dict[int, list[tuple[Any, ...]]]:
    """Return the records by the partition that each key was found in, in the order that they were posted in."""
    homes = {key: number for number, taken in found.items() for key, _, _ in taken}
    ordered: dict[int, list[tuple[Any, ...]]] = {number: [] for number in found}
    for key, value, headers in records:
        ordered[homes[key]].append((key, value, headers))
    return ordered


@pytest.fixture
async def made():
    opened = producer()
    yield opened
    await _closed(opened)


async def test_a_full_batch_lets_no_later_record_overtake(made):
    futures = [Poster(made).post(TOPIC, b"k", b"%d" % number * 300, []) for number in range(30)]
    assert all(future is not None for future in futures)
    assert len(made._message_accumulator._batches[next(iter(made._message_accumulator._batches))]) > 1
    ((values),) = [[value for _, value, _ in taken] for taken in buffered(made).values()]
    assert values == [b"%d" % number * 300 for number in range(30)]


async def test_a_topic_that_grows_gets_its_records_in_all_its_partitions(made):
    poster = Poster(made)
    keys = [b"c-%d" % number for number in range(200)]
    made.client.cluster.update_metadata(cluster(2))
    for key in keys:
        poster.post(TOPIC, key, b"v", [])
    assert set(buffered(made)) == {0, 1}
    made.client.cluster.update_metadata(cluster(5))
    for key in keys:
        poster.post(TOPIC, key, b"v", [])
    assert set(buffered(made)) == {0, 1, 2, 3, 4}


async def test_what_cannot_be_judged_here_takes_the_usual_way(made):
    poster = Poster(made)
    assert poster.post("unheard.of", b"k", b"v", []) is None
    assert poster.post(TOPIC, b"k", b"v" * BATCH_BYTES * 2, []) is None
    with pytest.raises(MessageSizeTooLargeError):
        await made.send(TOPIC, b"v" * BATCH_BYTES * 2, b"k")
    await made._message_accumulator.close()
    assert poster.post(TOPIC, b"k", b"v", []) is None
    with pytest.raises(ProducerClosed):
        await made.send(TOPIC, b"v", b"k")


async def test_a_producer_that_failed_for_good_takes_no_record(made):
    made._message_accumulator.fail_all(KafkaTimeoutError())
    assert Poster(made).post(TOPIC, b"k", b"v", []) is None


async def test_a_producer_that_chooses_partitions_otherwise_is_left_to_choose(made):
    made._partitioner = lambda _key, known, _available: known[-1]
    assert Poster(made).post(TOPIC, b"k", b"v", []) is None


async def test_a_flush_waits_for_what_was_posted(made):
    future = Poster(made).post(TOPIC, b"k", b"v", [])
    flushing = asyncio.create_task(made._message_accumulator.flush())
    await asyncio.sleep(0)
    assert not flushing.done()
    buffered(made)
    await asyncio.wait_for(flushing, 1)
    assert future.done()


async def test_without_a_lease_what_was_posted_fails_to_the_last_batch(made):
    fence(made, lambda: False)
    futures = [Poster(made).post(TOPIC, b"k", b"v" * 300, []) for _ in range(20)]
    assert made._message_accumulator.drain_by_nodes(ignore_nodes=set()) == ({}, False)
    assert {type(future.exception()) for future in futures} == {KafkaTimeoutError}


async def test_an_outbox_takes_the_short_way_and_a_failed_record_fails_its_sender(made):
    faust = SimpleNamespace(poster=Poster(made))  # it cannot send: only the short way is there
    sending = asyncio.create_task(ProducerOutbox(SimpleNamespace(producer=faust)).send(TOPIC, b"k", b"v", []))
    await asyncio.sleep(0)
    assert fail_what_waits(made) == 1
    with pytest.raises(Exception, match=f"sending to {TOPIC} failed: KafkaTimeoutError"):
        await sending


def test_the_metadata_of_these_tests_is_what_aiokafka_reads():
    known = ClusterMetadata()
    known.update_metadata(cluster(3))
    assert known.partitions_for_topic(TOPIC) == {0, 1, 2}
    assert known.leader_for_partition(TopicPartition(TOPIC, 2)) == 1


async def test_a_record_whose_partition_is_chosen_goes_there_if_the_topic_has_it(made):
    poster = Poster(made)
    sent = poster.post_to(TopicPartition(TOPIC, 3), b"k", b"row")
    assert sent is not None
    assert poster.post_to(TopicPartition(TOPIC, 3), b"k", None) is not None
    assert poster.post_to(TopicPartition(TOPIC, 8), b"k", b"row") is None
    assert poster.post_to(TopicPartition("unheard.of", 0), b"k", b"row") is None
    assert buffered(made) == {3: [(b"k", b"row", []), (b"k", None, [])]}
    assert (await sent).offset == 0
