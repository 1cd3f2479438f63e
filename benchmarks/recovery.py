"""Recovery: how long a worker takes until it is ready, with its tables gone, left in order, and left by ``kill -9``.

A small real load fills the tables; then the changelogs' records are copied under further keys until there are as many
as wanted, half of them in each of the two tables that bare Faust has, too. So the rows are real ones in number and size
without an hour of messages.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.figures import spread, spread_text
from benchmarks.pipelines import BARE, ONE_WORKER, BareFaustPipeline, Pipeline, SignalStreamPipeline
from benchmarks.rounds import WARM_UP_SECONDS
from benchmarks.tables import Table
from benchmarks.tail import PARTITIONS
from benchmarks.throughput import run_burst
from benchmarks.topics import delete_topics
from benchmarks.verdict import Goal, Verdict
from benchmarks.workload import TENANT, load
from signalstream.core.keys import ConversationKey, parse_key
from tests.kafka.broker import KafkaBroker

TABLES = ("conversations", "insights")
READY_LINE = "Worker ready"
READY_SECONDS = 120.0
COLD, WARM, KILLED = "cold", "warm, after a stop in order", "warm, after kill -9"
COLD_OF_BARE = Goal("cold recovery of 100,000 keys / bare Faust", 100, 75, "%", digits=0)
WARM_START = Goal("warm start with 100,000 keys, after a stop in order", 4, 2, "s")
WARM_KILLED = Goal("warm start with 100,000 keys, after kill -9", 4, 2, "s")


@dataclass(frozen=True)
class RecoveryPlan:
    """How much is measured."""

    rounds: int = 2
    keys: int = 100_000
    conversations: int = 200


QUICK_RECOVERY = RecoveryPlan(rounds=1, keys=200, conversations=20)


@dataclass
class Recovered:
    """Seconds from the start of the process to ready, by (pipeline, how), in the order of rounds."""

    seconds: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def note(self, name: str, how: str, seconds: float) -> None:
        """Add one start."""
        self.seconds.setdefault((name, how), []).append(seconds)


def run_recovery(plan: RecoveryPlan, broker: KafkaBroker, directory: Path, say: Callable[[str], None]) -> Recovered:
    """Run all rounds. Raises RuntimeError when a load does not come out or a worker does not get ready."""
    found = Recovered()
    for number in range(plan.rounds):
        for name in (ONE_WORKER, BARE) if number % 2 == 0 else (BARE, ONE_WORKER):
            say(f"round {number + 1} of {plan.rounds}: recovery, {name}")
            place = directory / f"{name}-{number}"
            pipeline = _pipeline(name, broker.bootstrap, place, f"recover-{len(name)}-{number}")
            try:
                _fill(plan, broker, pipeline)
                _starts(pipeline, place, found)
            except Exception as error:
                error.add_note(f"{name}: the log ends:\n{pipeline.log()}")
                raise
            finally:
                pipeline.stop()
            asyncio.run(delete_topics(broker.bootstrap, [pipeline.prefix]))
    return found


def _pipeline(name: str, brokers: str, place: Path, prefix: str) -> Pipeline:
    if name == BARE:
        return BareFaustPipeline(brokers, place, prefix)
    return SignalStreamPipeline(brokers, place, prefix, 1)


def _fill(plan: RecoveryPlan, broker: KafkaBroker, pipeline: Pipeline) -> None:
    asyncio.run(pipeline.start())
    sent = load("filled", 2 * plan.conversations, plan.conversations, datetime.now(UTC))
    burst = asyncio.run(run_burst(broker.bootstrap, broker.pid, pipeline, sent, WARM_UP_SECONDS))
    if burst.missing:
        raise RuntimeError(f"{burst.missing} of {burst.messages} messages did not come out; see the log below")
    pipeline.stop()
    for table in TABLES:
        asyncio.run(multiply(broker.bootstrap, f"{pipeline.prefix}-{table}-changelog", plan.keys // len(TABLES)))


def _starts(pipeline: Pipeline, place: Path, found: Recovered) -> None:
    for data in list(place.rglob("data")):
        shutil.rmtree(data)
    # Bare Faust would wait a minute for its killed self to be given up; nothing is compared with that.
    for how in (COLD, WARM) if pipeline.name == BARE else (COLD, WARM, KILLED):
        for log in list(place.rglob("worker.log")):
            log.unlink()
        started = time.monotonic()
        asyncio.run(pipeline.start())
        if pipeline.name == BARE:
            _wait_line(place / "worker.log")
        found.note(pipeline.name, how, time.monotonic() - started)
        if how == WARM and pipeline.name != BARE:
            pipeline.kill()
        pipeline.stop()


def _wait_line(log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while not (log.exists() and READY_LINE in log.read_text(errors="replace")):
        if time.monotonic() > until:
            raise RuntimeError(f"bare Faust was not ready within {READY_SECONDS:.0f} s")
        time.sleep(0.1)


async def multiply(brokers: str, topic: str, keys: int) -> None:
    """Copy a changelog's last records under further conversations, each in its partition, until it has ``keys`` keys.

    Raises RuntimeError when there is nothing to copy.
    """
    rows = await _rows(brokers, topic)
    if not rows:
        raise RuntimeError(f"{topic} has no records to copy: look whether the table is still called so")
    originals = list(rows.values())
    async with AIOKafkaProducer(bootstrap_servers=brokers, acks="all", linger_ms=5) as producer:
        sent = []
        for number in range(max(0, keys - len(originals))):
            record = originals[number % len(originals)]
            copied = ConversationKey(TENANT, f"{parse_key(record.key)[1]}-{number}").encode()
            sent.append(
                await producer.send(topic, record.value, copied, record.partition, headers=list(record.headers))
            )
        for confirmed in sent:
            await confirmed


async def _rows(brokers: str, topic: str) -> Mapping[bytes, Any]:
    rows: dict[bytes, Any] = {}
    async with AIOKafkaConsumer(bootstrap_servers=brokers, enable_auto_commit=False) as consumer:
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                rows.update({record.key: record for record in records})
    return {key: record for key, record in rows.items() if record.value is not None}


def recovery_verdicts(found: Recovered) -> list[Verdict]:
    """Return the verdicts on recovery."""
    own, bare = (found.seconds.get((name, COLD), []) for name in (ONE_WORKER, BARE))
    return [
        Verdict(COLD_OF_BARE, spread(100 * a / b for a, b in zip(own, bare, strict=False))),
        Verdict(WARM_START, spread(found.seconds.get((ONE_WORKER, WARM), []))),
        Verdict(WARM_KILLED, spread(found.seconds.get((ONE_WORKER, KILLED), []))),
    ]


def recovery_tables(plan: RecoveryPlan, found: Recovered) -> list[Table]:
    """Return the table of recovery."""
    rows = [(name, how, spread_text(spread(seconds), 1)) for (name, how), seconds in sorted(found.seconds.items())]
    title = f"Seconds from the start of the process to ready, {plan.keys:,} keys: median (least-greatest)"
    return [Table(title, ("Pipeline", "Start", "Seconds"), rows)]
