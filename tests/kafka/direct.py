"""What tests ask a broker themselves: its administration, where logs end, and all that they hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient


@asynccontextmanager
async def administering(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Give a connected admin client."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def ends(bootstrap: str, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """Return where each log ends."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        return dict(await consumer.end_offsets(list(partitions)))


async def everything(bootstrap: str, partitions: Iterable[TopicPartition]) -> list[ConsumerRecord]:
    """Return what any consumer can read now, in the order of each partition."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign(list(partitions))
        await consumer.seek_to_beginning()
        found: list[ConsumerRecord] = []
        until = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(partition) < end for partition, end in until.items()]):
            found += [each for batch in (await consumer.getmany(timeout_ms=500)).values() for each in batch]
        return found
