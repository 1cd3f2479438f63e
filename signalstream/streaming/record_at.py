"""One record of a topic, by its place: for the few reads that no table answers.

A consumer is opened for each, without a group: such reads are rare, and what is not open holds nothing up.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from aiokafka.partitioner import DefaultPartitioner

from signalstream.errors import BrokerUnavailableError
from signalstream.streaming.clients import Connection

SECONDS = 5.0
_partition_of = DefaultPartitioner()


class RecordsAt:
    """Reads records of a topic by key and offset."""

    def __init__(self, connection: Connection, topic: str, partitions: int) -> None:
        self._connection, self._topic = connection, topic
        self._partitions = list(range(partitions))

    async def read(self, key: bytes, offset: int) -> Any | None:
        """Return the record of ``key`` at ``offset`` of its partition; None when it is not there (any more).

        Raises BrokerUnavailableError.
        """
        place = TopicPartition(self._topic, int(_partition_of(key, self._partitions, self._partitions)))
        consumer = self._connection.consumer(enable_auto_commit=False, auto_offset_reset="none")
        try:
            async with asyncio.timeout(SECONDS):
                await consumer.start()
                record = await self._at(consumer, place, offset)
        except (KafkaError, TimeoutError, OSError) as error:
            raise BrokerUnavailableError(
                f"the broker did not give out a record of {self._topic} within {SECONDS:g} s ({type(error).__name__}); "
                "ask again shortly"
            ) from error
        finally:
            await consumer.stop()
        return record if record is not None and record.key == key and record.offset == offset else None

    async def _at(self, consumer: Any, place: TopicPartition, offset: int) -> Any | None:
        consumer.assign([place])
        begin, end = await consumer.beginning_offsets([place]), await consumer.end_offsets([place])
        if not begin[place] <= offset < end[place]:
            return None
        consumer.seek(place, offset)
        try:
            return await consumer.getone(place)
        except OffsetOutOfRangeError:  # retention took it meanwhile
            return None
