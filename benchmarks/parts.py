"""The parts of the benchmark that say how fast it is, each with its verdicts, tables and losses; each runs alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.figures import Spread, spread
from benchmarks.memory import QUICK_MEMORY, MemoryPlan, memory_tables, memory_verdicts, run_memory
from benchmarks.post import QUICK_POST, PostPlan, run_post
from benchmarks.post_report import post_tables, post_verdicts
from benchmarks.recovery import QUICK_RECOVERY, RecoveryPlan, recovery_tables, recovery_verdicts, run_recovery
from benchmarks.report import scaling_tables, scaling_verdicts, speed_verdicts, tables
from benchmarks.rounds import ORDER, QUICK, Plan, run_rounds, run_scaling
from benchmarks.sockets import QUICK_SOCKETS, SocketsPlan, run_sockets, socket_tables, socket_verdicts
from benchmarks.tables import Table
from benchmarks.verdict import Verdict
from tests.kafka.broker import KafkaBroker

Say = Callable[[str], None]


@dataclass(frozen=True)
class Extent:
    """How much is measured: ``quick`` is a small round of everything; None is each part's own number."""

    quick: bool = False
    rounds: int | None = None
    messages: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What a part found. ``lost`` counts what did not come out; ``bars`` are the rates of the plot."""

    verdicts: Sequence[Verdict]
    tables: Sequence[Table]
    rounds: int
    lost: int = 0
    bars: Sequence[tuple[str, Spread]] = ()


Part = Callable[[Extent, KafkaBroker, Path, Say], Outcome]


def speed(extent: Extent, broker: KafkaBroker, directory: Path, say: Say) -> Outcome:
    """Measure throughput and latency of one worker and of the yardsticks."""
    plan = plan_of(extent)
    found = run_rounds(plan, broker, directory, say)
    rates = ((name, spread(run.messages_per_second for run in found.bursts.get(name, ()))) for name in ORDER)
    bars = [(name, rate) for name, rate in rates if rate is not None]
    return Outcome(speed_verdicts(found), tables(plan, found), plan.rounds, found.lost, bars)


def scaling(extent: Extent, broker: KafkaBroker, directory: Path, say: Say) -> Outcome:
    """Measure what a second worker adds."""
    plan = plan_of(extent)
    found = run_scaling(plan, broker, directory, say)
    return Outcome(scaling_verdicts(found), scaling_tables(plan, found), plan.rounds, found.lost)


def post(extent: Extent, broker: KafkaBroker, directory: Path, say: Say) -> Outcome:
    """Measure POST against FastAPI, and beside the pipeline."""
    plan = QUICK_POST if extent.quick else PostPlan()
    plan = replace(plan, rounds=extent.rounds or plan.rounds)
    found = run_post(plan, broker, directory, say)
    return Outcome(post_verdicts(found), post_tables(plan, found), plan.rounds, found.lost)


def sockets(extent: Extent, _broker: KafkaBroker, directory: Path, say: Say) -> Outcome:
    """Measure the fan-out to WebSockets, and what idle ones hold."""
    plan = QUICK_SOCKETS if extent.quick else SocketsPlan()
    plan = replace(plan, rounds=extent.rounds or plan.rounds)
    found = run_sockets(plan, directory, say)
    return Outcome(socket_verdicts(found), socket_tables(plan, found), plan.rounds, found.lost)


def recovery(extent: Extent, broker: KafkaBroker, directory: Path, say: Say) -> Outcome:
    """Measure starts with tables that are gone, and with those that were left."""
    plan = QUICK_RECOVERY if extent.quick else RecoveryPlan()
    plan = replace(plan, rounds=extent.rounds or plan.rounds)
    found = run_recovery(plan, broker, directory, say)
    return Outcome(recovery_verdicts(found), recovery_tables(plan, found), plan.rounds)


def memory(extent: Extent, broker: KafkaBroker, directory: Path, say: Say) -> Outcome:
    """Measure what a worker holds."""
    plan = QUICK_MEMORY if extent.quick else MemoryPlan()
    plan = replace(plan, rounds=extent.rounds or plan.rounds)
    found = run_memory(plan, broker, directory, say)
    return Outcome(memory_verdicts(found), memory_tables(plan, found), plan.rounds, found.lost)


def plan_of(extent: Extent) -> Plan:
    """Return the plan of the bursts."""
    plan = QUICK if extent.quick else Plan()
    changes = {"rounds": extent.rounds, "burst_messages": extent.messages}
    return replace(plan, **{name: value for name, value in changes.items() if value is not None})


PARTS: dict[str, Part] = {
    "speed": speed,
    "scaling": scaling,
    "post": post,
    "sockets": sockets,
    "recovery": recovery,
    "memory": memory,
}
