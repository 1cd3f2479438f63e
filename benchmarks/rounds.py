"""Rounds: every pipeline once in each, one after another, in an order that turns from round to round.

In a round each pipeline gets fresh topics, app ids and tables, a warm-up that must come out whole, then its
measures; its topics are deleted after it. So no round works on another's state, and drift of the machine over the
minutes falls on all alike.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.latency import Latency, run_latency
from benchmarks.pipelines import (
    BARE,
    ONE_WORKER,
    SEALED,
    TWO_WORKERS,
    Pipeline,
    SignalStreamPipeline,
    YardstickPipeline,
)
from benchmarks.processes import pinned
from benchmarks.throughput import Burst, run_burst
from benchmarks.topics import delete_topics
from benchmarks.workload import Load, load
from benchmarks.yardsticks.programs import AIOKAFKA, BARE_FAUST, FAUST_MULTI, QUIX
from tests.kafka.broker import KafkaBroker

WARM_UP_SECONDS = 90.0
SLOWEST_PER_SECOND = 20.0  # a burst slower than this is given up
YARDSTICKS = {program.name: program for program in (BARE_FAUST, FAUST_MULTI, AIOKAFKA, QUIX)}
ORDER = (SEALED, BARE, ONE_WORKER, FAUST_MULTI.name, AIOKAFKA.name, QUIX.name)
SCALING = (ONE_WORKER, TWO_WORKERS)
WITH_LATENCY = (SEALED, BARE)


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int = 3
    burst_messages: int = 3_000
    burst_conversations: int = 1_000
    warm_up_messages: int = 500
    rate: float = 100.0
    latency_seconds: float = 15.0


QUICK = Plan(rounds=1, burst_messages=600, burst_conversations=300, warm_up_messages=200, latency_seconds=5.0)


@dataclass
class Results:
    """Each pipeline's runs, in the order of rounds; ``absent`` are those that cannot run here, with the reason."""

    bursts: dict[str, list[Burst]] = field(default_factory=dict)
    latencies: dict[str, list[Latency]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """Return how many messages of SignalStream's own runs did not come out, or counted twice."""
        own = (ONE_WORKER, SEALED, TWO_WORKERS)
        bursts = sum(burst.missing + burst.surplus for name in own for burst in self.bursts.get(name, ()))
        steady = sum(run.missing + len(run.failures) for name in own for run in self.latencies.get(name, ()))
        return bursts + steady


def run_rounds(plan: Plan, broker: KafkaBroker, directory: Path, say: Callable[[str], None]) -> Results:
    """Run them all. Raises what a measure raises, with the end of the pipeline's log as a note."""
    absent = {name: why for name, program in YARDSTICKS.items() if (why := program.missing()) is not None}
    results = Results(absent=absent)
    order = [name for name in ORDER if name not in absent]
    for number in range(plan.rounds):
        for name in turned(order, number):
            say(f"round {number + 1} of {plan.rounds}: {name}")
            with_latency = plan if name in WITH_LATENCY else replace(plan, latency_seconds=0.0)
            _measure(with_latency, broker, _pipeline(name, broker, directory, number), directory, results)
    return results


def run_scaling(plan: Plan, broker: KafkaBroker, directory: Path, say: Callable[[str], None]) -> Results:
    """Run one worker and two, the broker pinned to the machine's last core. Raises as ``run_rounds`` does."""
    results = Results()
    plan = replace(plan, latency_seconds=0.0)
    with pinned(broker.pid):
        for number in range(plan.rounds):
            for name in turned(SCALING, number):
                say(f"round {number + 1} of {plan.rounds}: {name}")
                _measure(plan, broker, _pipeline(name, broker, directory, number), directory, results)
    return results


def turned(names: Sequence[str], by: int) -> Sequence[str]:
    """Return the names beginning with another one."""
    first = by % len(names)
    return (*names[first:], *names[:first])


def _pipeline(name: str, broker: KafkaBroker, directory: Path, number: int) -> Pipeline:
    if name in YARDSTICKS:
        prefix = f"bench-{'-'.join(name.replace(',', '').lower().split())}-{number}"
        return YardstickPipeline(broker.bootstrap, directory / prefix, prefix, YARDSTICKS[name])
    workers, sealed = 2 if name == TWO_WORKERS else 1, name == SEALED
    prefix = f"bench-{'sealed' if sealed else workers}-{number}"
    return SignalStreamPipeline(broker.bootstrap, directory / prefix, prefix, workers, sealed=sealed, metrics=sealed)


def _measure(plan: Plan, broker: KafkaBroker, pipeline: Pipeline, directory: Path, results: Results) -> None:
    try:
        asyncio.run(pipeline.start())
        _warm_up(plan, broker, pipeline)
        if plan.latency_seconds:
            place = directory / f"{pipeline.prefix}-load"
            run = run_latency(broker.bootstrap, pipeline, place, plan.rate, plan.latency_seconds)
            results.latencies.setdefault(pipeline.name, []).append(run)
        burst = _burst(
            broker, pipeline, load("burst", plan.burst_messages, plan.burst_conversations, datetime.now(UTC))
        )
        results.bursts.setdefault(pipeline.name, []).append(burst)
    except Exception as error:
        error.add_note(f"{pipeline.name}: the log ends:\n{pipeline.log()}")
        raise
    finally:
        pipeline.stop()
    asyncio.run(delete_topics(broker.bootstrap, [pipeline.prefix, f"changelog__{pipeline.prefix}"]))


def _warm_up(plan: Plan, broker: KafkaBroker, pipeline: Pipeline) -> None:
    sent = load("warm", plan.warm_up_messages, plan.warm_up_messages, datetime.now(UTC))
    burst = _burst(broker, pipeline, sent, WARM_UP_SECONDS)
    if burst.missing:
        raise RuntimeError(
            f"{burst.missing} of {burst.messages} warm-up messages did not come out in {WARM_UP_SECONDS:.0f} s; "
            "look at the log below, and run it again on a machine that does nothing else"
        )
    time.sleep(1.0)  # commits and trailing updates of the warm-up


def _burst(broker: KafkaBroker, pipeline: Pipeline, sent: Load, limit_seconds: float | None = None) -> Burst:
    limit = limit_seconds or len(sent.messages) / SLOWEST_PER_SECOND + 30
    return asyncio.run(run_burst(broker.bootstrap, broker.pid, pipeline, sent, limit))
