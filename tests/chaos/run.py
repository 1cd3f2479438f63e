"""One run: workers, load, faults at random moments from a seed, and the verdict."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.chaos.evidence import gather
from tests.chaos.faults import FAULTS
from tests.chaos.ledger import ledger
from tests.chaos.listeners import Listeners
from tests.chaos.load import Load, conversation
from tests.chaos.scene import Scene
from tests.chaos.verdict import Verdict, judge
from tests.conftest import new_topic_names
from tests.kafka.broker import KafkaBroker
from tests.kafka.conftest import Deployment

SETTLE_SECONDS = 60.0


@dataclass(frozen=True)
class Plan:
    """How long and how hard: ``names`` of faults to draw from, how many, and the load around them."""

    seed: int
    cycles: int
    names: Sequence[str] = tuple(FAULTS)
    workers: int = 2
    conversations: int = 60
    messages_per_second: float = 25.0
    listeners: int = 5
    calm_seconds: tuple[float, float] = (2.0, 7.0)


@dataclass(frozen=True)
class Outcome:
    """What happened in a run."""

    plan: Plan
    drawn: tuple[str, ...]
    verdict: Verdict
    scene: Scene
    slowest_answer_seconds: float
    connections: int

    @property
    def clean(self) -> bool:
        """Say whether every promise was kept, those that the faults looked at included."""
        return self.verdict.clean and not self.scene.broken


async def run(plan: Plan, broker: KafkaBroker, deployment: Deployment) -> Outcome:
    """Start the workers, bring the faults on them while messages keep coming, and judge what is left."""
    await _start(plan, deployment)
    load = Load(deployment.workers, random.Random(plan.seed), plan.conversations, plan.messages_per_second)
    names = [conversation(writer, 0) for writer in range(plan.listeners)]
    listeners = Listeners(deployment.workers, random.Random(plan.seed), names)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
        scene = Scene(broker, deployment, random.Random(plan.seed), load, session)
        drawn = faults_in_order(plan, scene.random)
        listening = asyncio.create_task(listeners.run(session))
        posting = asyncio.create_task(load.run(session))
        for name in drawn:
            await asyncio.sleep(scene.random.uniform(*plan.calm_seconds))
            await FAULTS[name](scene)
        verdict = await _settle(scene, listeners, posting)
        await end(listening)
    return Outcome(plan, drawn, verdict, scene, load.slowest_answer_seconds, listeners.connections)


async def _start(plan: Plan, deployment: Deployment) -> None:
    for _ in range(plan.workers):
        await asyncio.to_thread(deployment.start().wait_ready)


async def _settle(scene: Scene, listeners: Listeners, posting: asyncio.Task[None]) -> Verdict:
    """Judge again and again until all is well; a minute after the last fault at most."""
    loop = asyncio.get_running_loop()
    last_fault = loop.time()
    scene.load.stop()
    await posting
    urls = [worker.url for worker in scene.workers]
    async with ledger(scene.broker.bootstrap, scene.deployment.names) as book:
        waited_for: tuple[str, ...] = ()
        while True:
            verdict = judge(await gather(scene.session, urls, scene.load.accepted, listeners.heard, book))
            verdict.settled_after_seconds, verdict.waited_for = loop.time() - last_fault, waited_for
            if verdict.clean or verdict.settled_after_seconds > SETTLE_SECONDS:
                return verdict
            waited_for = tuple(what for what, number in verdict.wrong.items() if number)
            await asyncio.sleep(1)


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for it; what it raised before is raised."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def faults_in_order(plan: Plan, chance: random.Random) -> tuple[str, ...]:
    """Return the names of the run's faults: each once before any comes again, in an order by chance."""
    drawn: list[str] = []
    while len(drawn) < plan.cycles:
        drawn += chance.sample(list(plan.names), len(plan.names))
    return tuple(drawn[: plan.cycles])


def deployment_in(directory: Path, bootstrap: str) -> Deployment:
    """Return a deployment with names of its own."""
    return Deployment(bootstrap, new_topic_names(), directory)
