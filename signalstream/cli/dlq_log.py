"""The dead letter topic on the broker: read from its beginning to its present end, and write to it.

Neither a consumer group nor an offset is kept: the topic is a log that anyone may read at any time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from signalstream.cli.bars import Bars
from signalstream.cli.dead_letters import Entry, Filed, entry, letters
from signalstream.core.clock import Clock
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.encryption import opened_sealer
from signalstream.errors import BrokerUnavailableError, ConfigurationError, KeyDestroyedError, SealedError
from signalstream.models.dead_letter import DeadLetterNote
from signalstream.settings import Settings
from signalstream.streaming.clients import connection
from signalstream.streaming.preflight import inspect
from signalstream.streaming.refusal import refusal
from signalstream.streaming.values import encode, opened, sealable
from signalstream.topics import DLQ, TopicSpec, topic_name

REQUEST_MS = 5_000
QUIET_POLLS = 5
MAX_REQUEST_BYTES = 128 * 1024 * 1024  # of this client: how large a record may be is the broker's to say
Ranges = Mapping[TopicPartition, tuple[int, int]]


class Notes(NamedTuple):
    """Writes notes about letters beside them."""

    producer: AIOKafkaProducer
    topic: str
    clock: Clock
    sealer: Sealer = UNSEALED

    async def redriven(self, letter: Filed) -> None:
        """Say that a letter has been sent back, now."""
        await self._say(DeadLetterNote(note="redriven", letter=letter.id, at=self.clock.now()), letter.partition)

    async def purged(self, letter: Filed) -> None:
        """Say that a letter is to be gone."""
        await self._say(DeadLetterNote(note="purged", letter=letter.id, at=self.clock.now()), letter.partition)

    async def _say(self, note: DeadLetterNote, partition: int) -> None:
        await sealable(self.sealer, None)
        value = self.sealer.seal(self.topic, None, encode(note))
        await self.producer.send_and_wait(self.topic, value, partition=partition)


async def read_all(settings: Settings, bars: Bars | None = None) -> list[Filed]:
    """Return every dead letter, oldest first. Raises BrokerUnavailableError, ConfigurationError."""
    async with opened_sealer(settings) as sealer, consumer(settings) as reader:
        return letters((await read_entries(reader, await partitions(settings), bars or Bars(), sealer))[0])


async def partitions(settings: Settings, spec: TopicSpec = DLQ) -> list[TopicPartition]:
    """Return a topic's partitions. Raises ConfigurationError when there is no such topic."""
    topic = topic_name(spec, settings)
    found = {row.name: row.partitions_found for row in (await inspect(settings)).rows}[topic]
    if found is None:
        raise ConfigurationError(f"the broker has no topic {topic}; run `signalstream topics create`")
    return [TopicPartition(topic, number) for number in range(found)]


async def read_entries(
    reader: AIOKafkaConsumer, of: list[TopicPartition], bars: Bars, sealer: Sealer
) -> tuple[list[Entry], Ranges]:
    """Return what lies in these partitions now, and from where to where that was."""
    begins, ends = await reader.beginning_offsets(of), await reader.end_offsets(of)
    ranges = {partition: (begins[partition], ends[partition]) for partition in of}
    entries: list[Entry] = []
    with bars.bar("reading dead letters", sum(end - begin for begin, end in ranges.values())) as advance:
        async for batch in records(reader, ranges):
            entries += [_entry(each, sealer) for each in batch]
            advance(len(batch))
    return entries, ranges


def _entry(record: ConsumerRecord, sealer: Sealer) -> Entry:
    why = None
    try:
        value = opened(sealer, record)
    except (KeyDestroyedError, SealedError) as error:
        value, why = None, str(error)
    return entry(record.partition, record.offset, record.timestamp, value, record.headers, why=why)


async def records(reader: AIOKafkaConsumer, ranges: Ranges) -> AsyncIterator[list[ConsumerRecord]]:
    """Yield the records of each partition from its first offset up to its second. Raises BrokerUnavailableError."""
    reader.assign(list(ranges))
    for partition, (begin, _) in ranges.items():
        reader.seek(partition, begin)
    quiet = 0
    while any([await reader.position(partition) < end for partition, (_, end) in ranges.items()]):
        batches = await reader.getmany(timeout_ms=1_000)
        quiet = 0 if batches else quiet + 1
        if quiet >= QUIET_POLLS:
            topic = next(iter(ranges)).topic
            raise BrokerUnavailableError(f"the broker sent nothing of {topic} for {QUIET_POLLS} s; look at its log")
        yield [each for partition, batch in batches.items() for each in batch if each.offset < ranges[partition][1]]


@asynccontextmanager
async def consumer(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a reader without a group. Raises BrokerUnavailableError, also for what the block does with it."""
    client = connection(settings).consumer(
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=REQUEST_MS,
    )
    async with _connected(client, settings):
        yield client


@asynccontextmanager
async def producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """Give a writer whose sends are confirmed by all in-sync replicas. Raises as ``consumer``."""
    client = connection(settings).producer(
        acks="all",
        request_timeout_ms=REQUEST_MS,
        max_request_size=MAX_REQUEST_BYTES,
    )
    async with _connected(client, settings):
        yield client


@asynccontextmanager
async def _connected(client: AIOKafkaConsumer | AIOKafkaProducer, settings: Settings) -> AsyncIterator[None]:
    try:
        await client.start()
        yield
    except MessageSizeTooLargeError as error:
        raise ConfigurationError(
            "the broker takes no record of this size; raise max.message.bytes of the topic that it goes to"
        ) from error
    except KafkaError as error:
        raise await refusal(connection(settings), error) from error
    finally:
        await client.stop()
