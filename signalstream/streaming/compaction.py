"""Waiting until what was replaced in a compacted topic is off the broker's disks too.

Kafka never compacts the segment that it writes to, so a topic that is seldom written keeps what was replaced: a record
of our own begins a new segment, and the cleaner takes the ones before it in its next round (15 s by default).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from signalstream.errors import BrokerUnavailableError
from signalstream.streaming.clients import Connection

NUDGE_KEY = b"nudge"
NUDGE_SECONDS = 1.5  # more than the topic's segment.ms
POLL_MS = 200
REQUEST_MS = 5_000
Replaced = Callable[[bytes, bytes], bool]


async def until_compacted(
    connection: Connection, topic: str, partitions: int, replaced: Replaced, seconds: float
) -> int:
    """Return how many records the broker still gives out that should be gone: 0, or what is left after ``seconds``.

    Raises BrokerUnavailableError.
    """
    places = [TopicPartition(topic, number) for number in range(partitions)]
    producer = connection.producer(acks="all", request_timeout_ms=REQUEST_MS)
    consumer = connection.consumer(enable_auto_commit=False, request_timeout_ms=REQUEST_MS)
    until = asyncio.get_running_loop().time() + seconds
    try:
        await producer.start()
        await consumer.start()
        consumer.assign(places)
        while affected := await _affected(consumer, replaced):
            if asyncio.get_running_loop().time() >= until:
                return sum(affected.values())
            await asyncio.sleep(NUDGE_SECONDS)
            for place in affected:
                await producer.send_and_wait(topic, b"{}", key=NUDGE_KEY, partition=place.partition)
    except KafkaError as error:
        raise BrokerUnavailableError(
            f"the broker at {connection} could not be asked what it still has of {topic} ({type(error).__name__})"
        ) from error
    else:
        return 0
    finally:
        await consumer.stop()
        await producer.stop()


async def _affected(consumer: Any, replaced: Replaced) -> dict[TopicPartition, int]:
    """Return how many records to be gone each partition gives out, where there are any."""
    found: dict[TopicPartition, int] = {}
    await consumer.seek_to_beginning()
    ends = await consumer.end_offsets(consumer.assignment())
    while any([await consumer.position(place) < end for place, end in ends.items()]):
        for place, batch in (await consumer.getmany(timeout_ms=POLL_MS)).items():
            count = sum(1 for each in batch if each.key and each.value and replaced(each.key, each.value))
            if count:
                found[place] = found.get(place, 0) + count
    return found
