from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from signalstream.errors import BrokerUnavailableError
from signalstream.streaming.clients import Connection
from signalstream.streaming.replica import Replica

TOPIC = "state"


class FakeConsumer:
    """A consumer of a topic whose partitions begin and end where the test says."""

    def __init__(self, starts: list[int], ends: list[int]) -> None:
        self.starts, self.ends = starts, ends
        self.positions: dict[int, int] = {}
        self.polled_ms: int | None = int(time.time() * 1000)

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.partitions = partitions

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict(zip(partitions, self.ends, strict=True))

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict(zip(partitions, self.starts, strict=True))

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.positions[partition.partition] = offset

    async def position(self, partition: TopicPartition) -> int:
        return self.positions[partition.partition]

    def last_poll_timestamp(self, _partition: TopicPartition) -> int | None:
        return self.polled_ms


def record(offset: int, key: bytes | None, value: bytes | None) -> Any:
    return SimpleNamespace(offset=offset, key=key, value=value)


def partition(number: int) -> TopicPartition:
    return TopicPartition(TOPIC, number)


async def test_it_begins_at_the_beginning_and_goes_on_where_it_was_after_an_interruption():
    replica, first, second = (
        Replica(Connection(()), TOPIC, 2),
        FakeConsumer([3, 0], [5, 0]),
        FakeConsumer([3, 0], [9, 0]),
    )

    await replica._position(first)
    assert first.positions == {0: 3, 1: 0}
    replica._take(partition(0), [record(4, b"a", b"1")])
    await replica._position(second)

    assert second.positions == {0: 5, 1: 0}
    assert replica.rows == {b"a": b"1"}


async def test_the_newest_value_of_a_key_counts_and_a_tombstone_takes_it_away():
    told: list[tuple[bytes, bytes | None]] = []
    replica = Replica(Connection(()), TOPIC, 1, lambda key, value: told.append((key, value)))

    replica._take(partition(0), [record(0, b"a", b"1"), record(1, b"b", b"1"), record(2, b"a", b"2")])
    replica._take(partition(0), [record(3, b"b", None), record(4, None, b"no key")])

    assert replica.rows == {b"a": b"2"}
    assert told == [(b"a", b"1"), (b"b", b"1"), (b"a", b"2"), (b"b", None)]


async def test_rows_of_a_topic_that_was_made_anew_are_not_believed_any_longer():
    told: list[tuple[bytes, bytes | None]] = []
    replica, anew = (
        Replica(Connection(()), TOPIC, 1, lambda key, value: told.append((key, value))),
        FakeConsumer([0], [1]),
    )
    await replica._position(FakeConsumer([0], [8]))
    replica._take(partition(0), [record(7, b"a", b"1")])

    await replica._position(anew)

    assert replica.rows == {}
    assert told[-1] == (b"a", None)
    assert anew.positions == {0: 0}


async def test_it_has_read_to_the_end_also_when_compaction_left_no_record_there():
    replica, consumer = Replica(Connection(()), TOPIC, 1), FakeConsumer([0], [5])
    await replica._position(consumer)
    await replica._note_progress(consumer)
    assert not replica._read_to_the_end.is_set()

    consumer.positions[0] = 5
    await replica._note_progress(consumer)

    assert replica._read_to_the_end.is_set()


async def test_its_age_is_that_of_the_brokers_last_answer():
    replica, consumer = Replica(Connection(()), TOPIC, 1, stale_seconds=30), FakeConsumer([0], [0])
    assert replica.age() == float("inf")
    assert not replica.is_fresh()
    assert replica.health() == {"status": "starting", "rows": 0}
    await replica._position(consumer)
    await replica._note_progress(consumer)
    assert replica.health() == {"status": "ok", "rows": 0, "age_seconds": 0.0}

    consumer.polled_ms = int((time.time() - 31) * 1000)
    await replica._note_progress(consumer)

    assert 30.5 < replica.age() < 40
    assert not replica.is_fresh()
    assert replica.health()["status"] == "degraded"


async def test_a_topic_that_cannot_be_read_in_time_ends_the_start_with_what_to_look_at():
    replica = Replica(Connection(("127.0.0.1:1",)), TOPIC, 1, start_seconds=0.2)

    with pytest.raises(BrokerUnavailableError, match=r"state could not be read .*topics check"):
        await replica.start()
