"""The dead letter topic on the broker: read from its beginning to its present end, and send letters back.

Neither a consumer group nor an offset is kept: the topic is a log that anyone may read at any time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from signalstream.cli.dead_letters import Filed, Redrive, filed
from signalstream.errors import BrokerUnavailableError, ConfigurationError
from signalstream.settings import Settings
from signalstream.streaming.preflight import inspect
from signalstream.topics import DLQ, topic_name

REQUEST_MS = 5_000
QUIET_POLLS = 5


async def read_all(settings: Settings) -> list[Filed]:
    """Return every dead letter, by partition and offset. Raises BrokerUnavailableError, ConfigurationError."""
    partitions = await _partitions(settings)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=",".join(settings.kafka_brokers),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=REQUEST_MS,
    )
    async with _connected(consumer, settings):
        return sorted(await _drain(consumer, partitions), key=lambda each: (each.partition, each.offset))


async def _partitions(settings: Settings) -> list[TopicPartition]:
    topic = topic_name(DLQ, settings)
    found = {row.name: row.partitions_found for row in (await inspect(settings)).rows}[topic]
    if found is None:
        raise ConfigurationError(f"the broker has no topic {topic}; run `signalstream topics create`")
    return [TopicPartition(topic, number) for number in range(found)]


async def _drain(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> list[Filed]:
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    ends = await consumer.end_offsets(partitions)
    letters: list[Filed] = []
    quiet = 0
    while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
        batches = await consumer.getmany(timeout_ms=1_000)
        quiet = 0 if batches else quiet + 1
        if quiet >= QUIET_POLLS:
            raise BrokerUnavailableError(
                f"the broker sent nothing of {partitions[0].topic} for {QUIET_POLLS} s; look at its log"
            )
        letters += [filed(each.partition, each.offset, each.value) for batch in batches.values() for each in batch]
    return letters


async def send_back(settings: Settings, records: Iterable[Redrive]) -> AsyncIterator[Redrive]:
    """Send each record and yield it once all in-sync replicas have it. Raises BrokerUnavailableError."""
    producer = AIOKafkaProducer(
        bootstrap_servers=",".join(settings.kafka_brokers), acks="all", request_timeout_ms=REQUEST_MS
    )
    async with _connected(producer, settings):
        for record in records:
            await producer.send_and_wait(
                record.topic, record.value, record.key, partition=record.partition, headers=list(record.headers)
            )
            yield record


@asynccontextmanager
async def _connected(client: AIOKafkaConsumer | AIOKafkaProducer, settings: Settings) -> AsyncIterator[None]:
    try:
        await client.start()
        yield
    except KafkaError as error:
        raise BrokerUnavailableError(
            f"the broker at {','.join(settings.kafka_brokers)} does not answer ({type(error).__name__}); "
            "check SIGNALSTREAM_KAFKA_BROKERS and whether it runs"
        ) from error
    finally:
        await client.stop()
