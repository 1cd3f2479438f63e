"""A replica of a compacted topic: every process has all of its rows in memory, without a consumer group.

For state that every worker must see within seconds and that nobody owns: API keys and the like. It is read from its
beginning, so that ``start`` returns with everything that was there, and followed from then on. A topic that is not
followed for a while is stale: ``age`` says how long ago the broker last answered for all of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from signalstream.errors import BrokerUnavailableError
from signalstream.streaming.clients import Connection
from signalstream.streaming.pacing import pace_fetches

RETRY_SECONDS = 1.0
POLL_MS = 500
REQUEST_MS = 5_000
WRITE_SECONDS = 10.0
log = structlog.get_logger()

Apply = Callable[[bytes, bytes | None], None]


class Replica:
    """Reads a topic from its beginning and keeps the newest value of each key in ``rows``.

    ``apply`` is told of each change in the order of a partition: the key, and the value or None for a tombstone.
    ``stale_seconds`` is the age from which on it says of itself that it is degraded.
    """

    def __init__(
        self,
        connection: Connection,
        topic: str,
        partitions: int,
        apply: Apply | None = None,
        *,
        stale_seconds: float = 30.0,
        start_seconds: float = 30.0,
    ) -> None:
        self._connection = connection
        self._topic = topic
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]
        self._apply = apply
        self._stale_seconds = stale_seconds
        self._start_seconds = start_seconds
        self._task: asyncio.Task[None] | None = None
        self._next: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._answered: float | None = None
        self._read_to_the_end = asyncio.Event()
        self.rows: dict[bytes, bytes] = {}

    async def start(self) -> None:
        """Follow in a task of its own; return once everything that is there has been read.

        Raises BrokerUnavailableError when that takes longer than ``start_seconds``.
        """
        self._task = asyncio.create_task(self._follow(), name=f"replica {self._topic}")
        try:
            async with asyncio.timeout(self._start_seconds):
                await self._read_to_the_end.wait()
        except TimeoutError as error:
            await self.stop()
            raise BrokerUnavailableError(
                f"{self._topic} could not be read to its end within {self._start_seconds:g} s; see whether the broker "
                "has it (`signalstream topics check`) and lets this worker read it"
            ) from error

    async def stop(self) -> None:
        """Stop following; the rows stay as they are."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def age(self) -> float:
        """Return how long ago, in seconds, the broker answered for every partition; infinite before it ever did."""
        return float("inf") if self._answered is None else time.monotonic() - self._answered

    def is_fresh(self) -> bool:
        """Say whether the rows are younger than ``stale_seconds``."""
        return self.age() <= self._stale_seconds

    def health(self) -> dict[str, object]:
        """Describe it for ``/health``."""
        if self._answered is None:
            return {"status": "starting", "rows": len(self.rows)}
        status = "ok" if self.is_fresh() else "degraded"
        return {"status": status, "rows": len(self.rows), "age_seconds": round(self.age(), 1)}

    async def _follow(self) -> None:
        while True:
            try:
                await self._read()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next attempt goes on where this one ended
                log.warning("replica.interrupted", topic=self._topic, error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)

    async def _read(self) -> None:
        # Out of range means a topic made anew, which only _position mends.
        consumer = self._connection.consumer(enable_auto_commit=False, auto_offset_reset="none")
        try:
            await consumer.start()
            pace_fetches(consumer)
            await self._position(consumer)
            while True:
                batches = await consumer.getmany(timeout_ms=POLL_MS)
                for partition, records in batches.items():
                    self._take(partition, records)
                await self._note_progress(consumer)
        finally:
            await consumer.stop()

    async def _position(self, consumer: Any) -> None:
        consumer.assign(self._partitions)
        starts = await consumer.beginning_offsets(self._partitions)
        self._ends = await consumer.end_offsets(self._partitions)
        if any(self._ends[partition] < offset for partition, offset in self._next.items()):
            # The topic was made anew: what it no longer tells must not be believed any longer.
            self._next.clear()
            for key in list(self.rows):
                self._set(key, None)
        for partition in self._partitions:
            self._next[partition] = max(self._next.get(partition, 0), starts[partition])
            consumer.seek(partition, self._next[partition])

    def _take(self, partition: TopicPartition, records: list[Any]) -> None:
        for record in records:
            self._next[partition] = record.offset + 1
            if record.key is not None:
                self._set(record.key, record.value)

    def _set(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = value
        if self._apply is not None:
            self._apply(key, value)

    async def _note_progress(self, consumer: Any) -> None:
        for partition in self._partitions:
            self._next[partition] = max(self._next[partition], await consumer.position(partition))
        polled = [consumer.last_poll_timestamp(partition) for partition in self._partitions]
        if all(polled):
            # aiokafka tells the machine's time; how long ago that was survives a clock that is set.
            behind = max(0.0, time.time() - min(polled) / 1000)
            self._answered = time.monotonic() - behind
        if not self._read_to_the_end.is_set() and all(self._next[tp] >= end for tp, end in self._ends.items()):
            self._answered = time.monotonic()
            self._read_to_the_end.set()


async def write_rows(connection: Connection, topic: str, rows: Sequence[tuple[bytes, bytes | None]]) -> None:
    """Write rows one after the other, each confirmed by all in-sync replicas. Raises BrokerUnavailableError."""
    producer = connection.producer(acks="all", request_timeout_ms=REQUEST_MS)
    try:
        async with asyncio.timeout(WRITE_SECONDS):
            await producer.start()
            for key, value in rows:
                await producer.send_and_wait(topic, value, key=key)
    except (KafkaError, TimeoutError) as error:
        raise BrokerUnavailableError(
            f"the broker at {connection} did not confirm a row of {topic} ({type(error).__name__}); look "
            "whether it runs, then see with a list what has been written before you repeat it"
        ) from error
    finally:
        await producer.stop()
