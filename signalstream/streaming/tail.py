"""A tail of a topic, as ``support.ai.aggregated``: a process reads all of it, without a consumer group.

It starts a bounded number of records before the end, so that lists and new sockets have something to show, and
follows from there. It commits nothing and owns nothing: losing it loses no message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

import structlog
from aiokafka import TopicPartition
from pydantic import BaseModel

from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.errors import KeyDestroyedError, KeyPendingError, UndecodableError
from signalstream.streaming.clients import Connection
from signalstream.streaming.load import Pace
from signalstream.streaming.pacing import idle_pace, pace_fetches
from signalstream.streaming.values import read

RETRY_SECONDS = 1.0
POLL_MS = 1_000
M = TypeVar("M", bound=BaseModel)
log = structlog.get_logger()


class Tail(Generic[M]):
    """Reads a topic's first ``partitions`` from near their end and gives every ``model`` to ``apply``.

    ``records`` is how many before the end it begins with, ``caught_up`` is set once it has had those.
    """

    def __init__(
        self,
        connection: Connection,
        topic: str,
        partitions: int,
        records: int,
        apply: Callable[[M], None],
        *,
        model: type[M],
        sealer: Sealer = UNSEALED,
        pace: Pace = idle_pace,
    ) -> None:
        self._pace = pace
        self._sealer = sealer
        self._connection = connection
        self._topic = topic
        self._partitions = partitions
        self._records = records
        self._model = model
        self._apply = apply
        self._task: asyncio.Task[None] | None = None
        self._next: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self.caught_up = asyncio.Event()

    async def start(self) -> None:
        """Begin to follow in a task of its own."""
        self._task = asyncio.create_task(self._follow(), name=f"tail {self._topic}")

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def health(self) -> dict[str, object]:
        """Say whether the tail follows."""
        running = self._task is not None and not self._task.done()
        return {"status": "ok" if running and self.caught_up.is_set() else "starting" if running else "stopped"}

    async def _follow(self) -> None:
        while True:
            try:
                await self._read()
            except Exception as error:  # noqa: BLE001 - whatever it is, the live view goes on behind it
                self.caught_up.clear()
                log.warning("tail.interrupted", topic=self._topic, error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)

    async def _read(self) -> None:
        consumer = self._connection.consumer(enable_auto_commit=False)
        await consumer.start()
        pace_fetches(consumer, self._pace)
        try:
            await self._position(consumer)
            while True:
                batches = await consumer.getmany(timeout_ms=POLL_MS)
                for partition, records in batches.items():
                    self._take(partition, records)
                self._note_progress()
        finally:
            await consumer.stop()

    async def _position(self, consumer: Any) -> None:
        partitions = [TopicPartition(self._topic, number) for number in range(self._partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        starts = await consumer.beginning_offsets(partitions)
        back = max(1, self._records // len(partitions))
        self._ends = ends
        for partition in partitions:
            offset = self._next.get(partition, max(starts[partition], ends[partition] - back))
            self._next[partition] = offset
            consumer.seek(partition, offset)

    def _take(self, partition: TopicPartition, records: list[Any]) -> None:
        for record in records:
            self._next[partition] = record.offset + 1
            try:
                self._apply(read(self._sealer, self._model, record))
            except KeyPendingError:
                self._next[partition] = record.offset  # the interruption goes on with it, not behind it
                raise
            except KeyDestroyedError:
                log.debug("tail.erased", topic=self._topic, offset=record.offset)
            except UndecodableError as error:
                log.error(  # noqa: TRY400 - the reason is in the detail; a traceback tells no more
                    "tail.undecodable", topic=self._topic, offset=record.offset, detail=str(error)
                )

    def _note_progress(self) -> None:
        if not self.caught_up.is_set() and all(self._next[tp] >= end for tp, end in self._ends.items()):
            self.caught_up.set()
