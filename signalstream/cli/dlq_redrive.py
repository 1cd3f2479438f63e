"""Sending dead letters back: the original record, to the topic that it came from, where its stage reads it again.

A letter of a value too large for one holds only its beginning. Then the record is fetched from its origin, and it is
sent only if it is the very one: same size, same SHA-256. A cut value is never sent as if it were whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from signalstream.cli.dead_letters import Filed
from signalstream.errors import BrokerUnavailableError, ConfigurationError
from signalstream.models.dead_letter import DeadLetter
from signalstream.streaming.dead_letters import whole
from signalstream.streaming.headers import REDRIVEN

FETCH_SECONDS = 10.0
Headers = Sequence[tuple[str, bytes]]
FetchOriginal = Callable[[DeadLetter], Awaitable[ConsumerRecord | None]]


@dataclass(frozen=True)
class Redrive:
    """A record to send: the original bytes, to where they came from."""

    letter: Filed
    topic: str
    partition: int | None
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


async def prepare(
    letters: Sequence[Filed],
    known_topics: Collection[str],
    fetch: FetchOriginal,
    erased: Callable[[DeadLetter], bool] = lambda _letter: False,
) -> tuple[list[Redrive], list[str]]:
    """Return what to send, and a line for each letter that cannot be sent.

    ``erased`` says whether a letter's record is from before an erasure of its conversation.
    """
    ready, refused = [], []
    for each in letters:
        try:
            letter = _sendable(each, known_topics, erased)
            original = await fetch(letter) if letter.whole else None
            ready.append(redrive_of(each, letter, original))
        except ConfigurationError as error:
            refused.append(str(error))
    return ready, refused


def _sendable(each: Filed, known_topics: Collection[str], erased: Callable[[DeadLetter], bool]) -> DeadLetter:
    if each.letter is None:
        raise ConfigurationError(f"dead letter {each.id} is unreadable; nothing is known of where it came from")
    if each.purged_at:
        raise ConfigurationError(f"dead letter {each.id} is being purged; run that purge again to end it")
    if each.letter.origin.topic not in known_topics:
        raise ConfigurationError(
            f"dead letter {each.id} came from {each.letter.origin.topic}, which is no topic of this configuration; "
            "check SIGNALSTREAM_TOPIC_PREFIX"
        )
    if erased(each.letter):
        raise ConfigurationError(
            f"dead letter {each.id} is of a conversation that was erased since; it is not sent. "
            "`signalstream dlq purge` removes it"
        )
    return each.letter


def redrive_of(each: Filed, letter: DeadLetter, original: ConsumerRecord | None) -> Redrive:
    """Return the record that sends a letter back. Raises ConfigurationError when its whole value is needed and gone.

    The key decides the partition as it did the first time; a record without one returns to its old partition.
    """
    origin = letter.origin
    if letter.whole is None:
        key, value = letter.key, letter.value
        headers: Headers = [(name, content.encode()) for name, content in letter.headers.items()]
    elif original is not None and whole(original.value) == letter.whole:
        key, value, headers = original.key, original.value, original.headers
    else:
        raise ConfigurationError(
            f"dead letter {each.id} holds {len(letter.value or b'')} of the {letter.whole.size} bytes of its record, "
            f"and the record is no longer at its origin, {origin.topic} partition {origin.partition} offset "
            f"{origin.offset}; it is not sent in part: ask its sender to send it again"
        )
    partition = origin.partition if key is None else None
    kept = tuple((name, content) for name, content in headers if name != REDRIVEN)
    return Redrive(each, origin.topic, partition, key, value, (*kept, (REDRIVEN, each.id.encode())))


async def fetch_original(letter: DeadLetter, reader: AIOKafkaConsumer) -> ConsumerRecord | None:
    """Return the record at a letter's origin, or None when there is none any more."""
    origin = letter.origin
    place = TopicPartition(origin.topic, origin.partition)
    reader.assign([place])
    begin = (await reader.beginning_offsets([place]))[place]
    end = (await reader.end_offsets([place]))[place]
    if not begin <= origin.offset < end:
        return None
    reader.seek(place, origin.offset)
    try:
        record = await asyncio.wait_for(reader.getone(), FETCH_SECONDS)
    except TimeoutError:
        raise BrokerUnavailableError(
            f"the broker did not give {origin.topic} partition {origin.partition} offset {origin.offset} within "
            f"{FETCH_SECONDS:g} s; nothing was sent, try again"
        ) from None
    return record if record.offset == origin.offset else None


async def send(record: Redrive, producer: AIOKafkaProducer) -> None:
    """Return once all in-sync replicas have the record."""
    await producer.send_and_wait(
        record.topic, record.value, record.key, partition=record.partition, headers=list(record.headers)
    )
