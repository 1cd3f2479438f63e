"""A producer that sends nothing without a lease.

What a worker had ready when it was frozen waits in two buffers, Faust's and aiokafka's, and goes out when it wakes up:
rows that land in the changelogs behind those of the new owner, who has done the same records again meanwhile. Here
everything that leaves aiokafka's buffer while there is no lease fails instead, as it does when the broker is absent;
its records are not acknowledged, and the new owner has them. See lease.py for why and for how long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiokafka.errors import KafkaTimeoutError
from aiokafka.protocol.produce import ProduceRequest
from faust.transport.drivers import aiokafka as driver

from signalstream.streaming.pacing import pace_sends
from signalstream.streaming.posting import Poster

log = structlog.get_logger()


class FencedProducer(driver.Producer):
    """Faust's aiokafka producer behind the fence; ``poster`` is the short way into its buffer, where it may be used."""

    poster: Poster | None = None

    async def on_start(self) -> None:
        """Start the producer."""
        await super().on_start()
        fence(self._producer, self._is_sure)
        if self.app.fast_paths:
            pace_sends(self._producer, self.app.pace)
        self.poster = Poster(self._producer) if self.app.fast_paths else None

    async def flush(self) -> None:
        """Send what waits, or let it fail, to the last record; for a session at most.

        Upstream gives up on Faust's buffer once a tenth of a second has passed without a record, and waits for
        aiokafka's without a limit: a hand-over that hangs there keeps the worker out of its group. What is left would
        go out when this worker has joined again, and the old rows with it; so what has not gone out in time fails.
        """
        try:
            async with asyncio.timeout(self.app.conf.broker_session_timeout):
                while self.buffer.size:
                    await self.buffer.flush()
                await super().flush()
        except TimeoutError:
            left = fail_what_waits(self._producer) if self._producer is not None else 0
            log.warning("producer.flush_overdue", app=self.app.conf.id, batches=left, buffered=self.buffer.size)

    def _is_sure(self) -> bool:
        consumer = self.app._consumer  # the property would make one
        return consumer is None or consumer.lease.held


def fence(producer: Any, is_sure: Callable[[], bool]) -> None:
    """Make what leaves the buffer of an ``AIOKafkaProducer``, or has left it unsent, fail while ``is_sure`` says no."""
    accumulator, client = producer._message_accumulator, producer.client
    drain, send = accumulator.drain_by_nodes, client.send

    def drained(*args: Any, **options: Any) -> Any:
        nodes, unknown_leaders = drain(*args, **options)
        while nodes and not is_sure():  # it takes one batch of a partition, and nothing asks again for the next
            for batches in nodes.values():
                for batch in batches.values():
                    batch.failure(_unsure())
            nodes, unknown_leaders = drain(*args, **options)
        return nodes, unknown_leaders

    async def sent(node_id: int, request: Any, **options: Any) -> Any:
        # A busy process may be frozen between the buffer and the socket; the connection is there, so nothing waits now.
        if isinstance(request, ProduceRequest) and not is_sure():
            raise _unsure()
        return await send(node_id, request, **options)

    accumulator.drain_by_nodes = drained
    client.send = sent


def fail_what_waits(producer: Any) -> int:
    """Fail every batch that an ``AIOKafkaProducer`` has not been told is written; return how many there were.

    One on its way may be written all the same, as after any timeout; its records are not acknowledged and come again.
    """
    accumulator = producer._message_accumulator
    waiting = [batch for batches in accumulator._batches.values() for batch in batches]
    accumulator._batches.clear()
    waiting += accumulator._pending_batches
    for batch in waiting:
        batch.failure(_unsure())
    return len(waiting)


def _unsure() -> KafkaTimeoutError:
    return KafkaTimeoutError("this worker is not sure of its partitions any more")
