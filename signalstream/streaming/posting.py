"""Put a record into a producer's buffer without a coroutine: nearly always there is room, and nothing to wait for.

Replaces, for the outputs of agents and for changelog records, the way of Faust's ``Producer.send``
(``faust/transport/drivers/aiokafka.py``), aiokafka's ``AIOKafkaProducer.send`` and ``MessageAccumulator.add_message``:
three coroutines, a signal, two looks at the metadata and a hash in Python for each record; and for changelogs Faust's
``ProducerBuffer`` before them, where each waits for room behind the one before it. The batches, what sends them and
what fails them stay aiokafka's: so a commit's flush waits for them, and the fence (fence.py) holds them back. What
cannot be judged here takes upstream's way, which raises upstream's errors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from aiokafka.partitioner import DefaultPartitioner, murmur2
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.structs import TopicPartition

from signalstream.streaming.headers import Headers

HASHED_KEYS = 16_384  # a conversation's key comes many times; a hash in Python costs more than all the rest here
POSITIVE = 0x7FFFFFFF


class Poster:
    """Appends to the buffer of an ``AIOKafkaProducer``, on the loop that the producer runs on."""

    def __init__(self, producer: Any) -> None:
        self._producer = producer
        self._buffer = producer._message_accumulator
        self._hashes: dict[bytes, int] = {}
        self._is_plain = (
            producer._txn_manager is None
            and producer._key_serializer is None
            and producer._value_serializer is None
            and isinstance(producer._partitioner, DefaultPartitioner)
        )

    def post(self, topic: str, key: bytes, value: bytes | None, headers: Headers) -> asyncio.Future[Any] | None:
        """Return the future of a record that is in the buffer now; None when it has to be sent the usual way."""
        known = self._known(topic)
        if not known or key is None:
            return None
        return self._put(TopicPartition(topic, list(known)[self._hash(key) % len(known)]), key, value, headers)

    def post_to(self, place: TopicPartition, key: bytes, value: bytes | None) -> asyncio.Future[Any] | None:
        """Do the same for a partition that is chosen already."""
        return self._put(place, key, value, []) if place.partition in self._known(place.topic) else None

    def _put(
        self, place: TopicPartition, key: bytes, value: bytes | None, headers: Headers
    ) -> asyncio.Future[Any] | None:
        buffer = self._buffer
        if not self._is_plain or buffer._closed or buffer._exception is not None:
            return None
        return None if self._is_too_large(key, value, headers) else self._append(place, key, value, headers)

    def _known(self, topic: str) -> Collection[int]:
        partitions: Collection[int] = self._producer._metadata.partitions_for_topic(topic) or ()
        return partitions  # looked up at each record: a topic may grow

    def _append(
        self, place: TopicPartition, key: bytes, value: bytes | None, headers: Headers
    ) -> asyncio.Future[Any] | None:
        batches = self._buffer._batches.get(place)
        future: asyncio.Future[Any] | None = None
        if batches:
            future = batches[-1].append(key, value, None, headers=headers)
        if future is None:
            # Upstream waits until a full batch has left, and whoever comes at that moment overtakes those who waited.
            # Another behind it keeps the order: they leave by turns, as they do when one has to be sent again.
            batch = self._buffer._append_batch(self._buffer.create_builder(), place)
            future = batch.append(key, value, None, headers=headers)
        return future

    def _hash(self, key: bytes) -> int:
        hashed = self._hashes.get(key)
        if hashed is None:
            if len(self._hashes) >= HASHED_KEYS:
                self._hashes.clear()
            hashed = self._hashes[key] = int(murmur2(key)) & POSITIVE
        return hashed

    def _is_too_large(self, key: bytes, value: bytes | None, headers: Headers) -> bool:
        size = DefaultRecordBatchBuilder.estimate_size_in_bytes(key, value, headers)
        return bool(size > self._producer._max_request_size)
