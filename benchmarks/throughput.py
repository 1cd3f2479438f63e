"""Throughput: a burst into the raw topic, timed until the last complete output is seen by a separate consumer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer

from benchmarks.coverage import Coverage
from benchmarks.pipelines import Pipeline
from benchmarks.processes import cpu_seconds
from benchmarks.tail import outputs_from_now
from benchmarks.workload import Load
from signalstream.core.sealing import Sealer
from signalstream.errors import KeyPendingError
from signalstream.streaming.values import opened

POLL_MS = 200


@dataclass(frozen=True)
class Burst:
    """One burst: ``missing`` turns had no complete output when the time was up, ``surplus`` counted twice."""

    messages: int
    seconds: float
    worker_cpu_seconds: float
    broker_cpu_seconds: float
    missing: int
    surplus: int

    @property
    def messages_per_second(self) -> float:
        """Return the rate from the burst's start to its last complete output."""
        return self.messages / self.seconds

    @property
    def worker_cpu_per_1000(self) -> float:
        """Return the CPU seconds of all workers for 1,000 messages."""
        return 1000 * self.worker_cpu_seconds / self.messages

    @property
    def broker_cpu_per_1000(self) -> float:
        """Return the CPU seconds of the broker for 1,000 messages."""
        return 1000 * self.broker_cpu_seconds / self.messages


async def run_burst(brokers: str, broker_pid: int, pipeline: Pipeline, load: Load, limit_seconds: float) -> Burst:
    """Send the whole load as fast as the broker takes it, and wait for its last complete output.

    Gives up after ``limit_seconds``; the burst then says how many turns are missing.
    """
    records = load.records()
    coverage = Coverage(load.turns())
    async with outputs_from_now(brokers, pipeline.output_topic) as consumer, pipeline.sealer() as sealer:
        workers_before, broker_before = cpu_seconds(pipeline.pids), cpu_seconds([broker_pid])
        started = time.monotonic()
        sending = asyncio.create_task(_send(brokers, pipeline.raw_topic, records))
        ended = await _watch(consumer, sealer, pipeline, coverage, started + limit_seconds)
        await sending
    return Burst(
        messages=len(records),
        seconds=ended - started,
        worker_cpu_seconds=cpu_seconds(pipeline.pids) - workers_before,
        broker_cpu_seconds=cpu_seconds([broker_pid]) - broker_before,
        missing=coverage.missing,
        surplus=coverage.surplus,
    )


async def _send(brokers: str, topic: str, records: list[tuple[bytes, bytes]]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=brokers, acks="all", linger_ms=5) as producer:
        confirmations = [await producer.send(topic, value, key=key) for key, value in records]
        await asyncio.gather(*confirmations)


async def _watch(consumer: Any, sealer: Sealer, pipeline: Pipeline, coverage: Coverage, until: float) -> float:
    last = time.monotonic()
    while not coverage.complete and time.monotonic() < until:
        for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
            for record in records:
                found = pipeline.completed(await _opened(sealer, record))
                if found is not None:
                    coverage.note(*found)
                    last = time.monotonic()
    return last


async def _opened(sealer: Sealer, record: Any) -> bytes:
    while True:
        try:
            return opened(sealer, record) or b""
        except KeyPendingError:  # the tenant's first value comes before its key, which is on its way
            await asyncio.sleep(0.01)
