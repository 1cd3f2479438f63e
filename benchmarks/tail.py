"""A separate consumer of a pipeline's outputs, from now on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

PARTITIONS = 8  # of every topic of a measurement


@asynccontextmanager
async def outputs_from_now(brokers: str, topic: str) -> AsyncIterator[Any]:
    """Give a consumer of all partitions that starts at the end, without a group."""
    consumer = AIOKafkaConsumer(bootstrap_servers=brokers, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        for partition, end in (await consumer.end_offsets(partitions)).items():
            consumer.seek(partition, end)
        yield consumer
    finally:
        await consumer.stop()
