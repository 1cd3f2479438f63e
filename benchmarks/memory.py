"""Memory: what a worker without models holds once it has worked on messages of a thousand conversations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import spread
from benchmarks.pipelines import SignalStreamPipeline
from benchmarks.processes import resident_bytes
from benchmarks.rounds import WARM_UP_SECONDS
from benchmarks.tables import Table
from benchmarks.throughput import run_burst
from benchmarks.topics import delete_topics
from benchmarks.verdict import Goal, Verdict
from benchmarks.workload import load
from tests.kafka.broker import KafkaBroker

SETTLE_SECONDS = 3.0
RESIDENT = Goal("memory of a worker without models, 1,000 conversations", 200, 150, "MB", digits=0)


@dataclass(frozen=True)
class MemoryPlan:
    """How much is measured."""

    rounds: int = 2
    messages: int = 3_000
    conversations: int = 1_000


QUICK_MEMORY = MemoryPlan(rounds=1, messages=30, conversations=10)


@dataclass
class Memory:
    """Megabytes in RAM when ready and after the load, in the order of rounds; ``lost`` messages did not come out."""

    ready: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    lost: int = 0


def run_memory(plan: MemoryPlan, broker: KafkaBroker, directory: Path, say: Callable[[str], None]) -> Memory:
    """Run all rounds. Raises what a pipeline raises that does not start."""
    found = Memory()
    for number in range(plan.rounds):
        say(f"round {number + 1} of {plan.rounds}: memory")
        prefix = f"memory-{number}"
        pipeline = SignalStreamPipeline(broker.bootstrap, directory / prefix, prefix, 1, sealed=True)
        try:
            asyncio.run(pipeline.start())
            found.ready.append(resident_bytes(pipeline.pids[0]) / 1e6)
            sent = load("held", plan.messages, plan.conversations, datetime.now(UTC))
            burst = asyncio.run(run_burst(broker.bootstrap, broker.pid, pipeline, sent, WARM_UP_SECONDS))
            time.sleep(SETTLE_SECONDS)
            found.worked.append(resident_bytes(pipeline.pids[0]) / 1e6)
            found.lost += burst.missing + burst.surplus
        finally:
            pipeline.stop()
        asyncio.run(delete_topics(broker.bootstrap, [prefix]))
    return found


def memory_verdicts(found: Memory) -> list[Verdict]:
    """Return the verdict on memory."""
    return [Verdict(RESIDENT, spread(found.worked))]


def memory_tables(plan: MemoryPlan, found: Memory) -> list[Table]:
    """Return the table of memory."""
    moments = ((f"after {plan.messages:,} messages", found.worked), ("when ready", found.ready))
    rows = [(when, shown.text(0)) for when, values in moments if (shown := spread(values)) is not None]
    rows.append(("messages lost or counted twice", str(found.lost)))
    return [Table(f"A worker's memory in MB, {plan.conversations:,} conversations", ("When", "MB"), rows)]
