"""One run: workers, load, faults at random moments from a seed, and the verdict."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.chaos.faults import FAULTS
from tests.chaos.load import Load
from tests.chaos.scene import Scene
from tests.chaos.verdict import Verdict, judge
from tests.conftest import new_topic_names
from tests.kafka.broker import KafkaBroker
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
    scene: Scene
    slowest_answer_seconds: float

    @property
    def clean(self) -> bool:
        """Say whether every promise was kept, those that the faults looked at included."""
        return self.verdict.clean and not self.scene.broken


async def run(plan: Plan, broker: KafkaBroker, deployment: Deployment) -> Outcome:
    """Start the workers, bring the faults on them while messages keep coming, and judge what is left."""
    chance = random.Random(plan.seed)
    scene = Scene(broker, deployment, chance)
    for _ in range(plan.workers):
        await asyncio.to_thread(deployment.start().wait_ready)
    load = Load(scene.workers, random.Random(plan.seed), plan.conversations, plan.messages_per_second)
    drawn = faults_in_order(plan, chance)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
        posting = asyncio.create_task(load.run(session))
        for name in drawn:
            await asyncio.sleep(chance.uniform(*plan.calm_seconds))
            await FAULTS[name](scene)
        load.stop()
        await posting
        await scene.ready()
        verdict = await judge(session, [worker.url for worker in scene.workers], load.accepted)
    return Outcome(plan, drawn, verdict, scene, load.slowest_answer_seconds)


def faults_in_order(plan: Plan, chance: random.Random) -> tuple[str, ...]:
    """Return the names of the run's faults: each once before any comes again, in an order by chance."""
    drawn: list[str] = []
    while len(drawn) < plan.cycles:
        drawn += chance.sample(list(plan.names), len(plan.names))
    return tuple(drawn[: plan.cycles])


def deployment_in(directory: Path, bootstrap: str) -> Deployment:
    """Return a deployment with names of its own."""
    return Deployment(bootstrap, new_topic_names(), directory)
