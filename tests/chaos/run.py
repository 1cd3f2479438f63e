"""One run: workers, load, faults at random moments from a seed, and the verdict."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.chaos.faults import FAULTS, Faults
from tests.chaos.load import Load
from tests.chaos.verdict import Verdict, judge
from tests.conftest import new_topic_names
from tests.kafka.conftest import Deployment


@dataclass(frozen=True)
class Plan:
    """How long and how hard: ``names`` of faults to draw from, how many, and the load around them."""

    seed: int
    cycles: int
    names: Sequence[str] = tuple(FAULTS)
    workers: int = 2
    conversations: int = 60
    messages_per_second: float = 25.0
    calm_seconds: tuple[float, float] = (2.0, 7.0)


@dataclass(frozen=True)
class Outcome:
    """What happened in a run."""

    plan: Plan
    drawn: tuple[str, ...]
    verdict: Verdict
    faults: Faults
    slowest_answer_seconds: float


async def run(plan: Plan, deployment: Deployment) -> Outcome:
    """Start the workers, bring the faults on them while messages keep coming, and judge what is left."""
    chance = random.Random(plan.seed)
    for _ in range(plan.workers):
        await asyncio.to_thread(deployment.start().wait_ready)
    workers = deployment.workers
    load = Load(workers, chance, plan.conversations, plan.messages_per_second)
    faults = Faults(chance)
    drawn = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
        posting = asyncio.create_task(load.run(session))
        for _ in range(plan.cycles):
            await asyncio.sleep(chance.uniform(*plan.calm_seconds))
            name = chance.choice(list(plan.names))
            drawn.append(name)
            await FAULTS[name](faults, chance.choice(workers))
        load.stop()
        await posting
        for worker in workers:
            await asyncio.to_thread(worker.wait_ready)
        verdict = await judge(session, [worker.url for worker in workers], load.accepted)
    return Outcome(plan, tuple(drawn), verdict, faults, load.slowest_answer_seconds)


def deployment_in(directory: Path, bootstrap: str) -> Deployment:
    """Return a deployment with names of its own."""

    return Deployment(bootstrap, new_topic_names(), directory)
