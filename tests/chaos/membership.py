"""Faults of membership and load: workers that come and go, and a backlog that fills every buffer."""

from __future__ import annotations

import asyncio

from tests.chaos.load import MESSAGES_PER_CONVERSATION
from tests.chaos.scene import Faults, Scene
from tests.workers import Worker

VISITS = 3
BACKLOG_CONVERSATIONS = 40  # 1,600 messages, 400 in each of four partitions; a stream's buffer holds 128 of each
DRAINING_SECONDS = (1.0, 6.0)


async def come_and_go(scene: Scene) -> None:
    """A further worker joins and leaves, often before the rebalance of its coming is over."""
    for _ in range(VISITS):
        guest = scene.deployment.start()
        await asyncio.sleep(scene.random.uniform(2, 8))
        await _leave(scene, guest)
    await scene.ready()


async def backlog(scene: Scene) -> None:
    """All AI agents are down while thousands of messages come; they are killed once while they catch up."""
    stopped = list(scene.workers)
    front = scene.deployment.start(roles="core")
    await scene.ready(front)
    for worker in stopped:
        await scene.terminate(worker)
    names = [f"backlog-{scene.sign()}-{number}" for number in range(BACKLOG_CONVERSATIONS)]
    await asyncio.gather(*(scene.post(name, MESSAGES_PER_CONVERSATION) for name in names))
    for worker in stopped:
        worker.start()
    await scene.ready(*stopped)
    await asyncio.sleep(scene.random.uniform(*DRAINING_SECONDS))
    await asyncio.to_thread(stopped[0].kill)
    await scene.again(stopped[0])
    await scene.terminate(front)
    scene.deployment.forget(front)
    await scene.ready()
    await scene.worked_off()


async def _leave(scene: Scene, guest: Worker) -> None:
    code = await asyncio.to_thread(guest.terminate)
    scene.promise(code != -9, "a worker that was to end while it joined did not end by itself")
    scene.deployment.forget(guest)


MEMBERSHIP: Faults = {"workers come and go": come_and_go, "backlog": backlog}
