"""Faults of workers: they are stopped, killed or frozen, and come back."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal

from tests.analysts import SLOW
from tests.chaos.load import MESSAGES_PER_CONVERSATION
from tests.chaos.scene import Faults, Scene

PAUSE_SECONDS = 12.0  # past the session timeout of the tests, 6 s
KILLS = 4
BURST_CONVERSATIONS = 8
SLOW_CONVERSATIONS = 4


async def rolling_restart(scene: Scene) -> None:
    """SIGTERM to one worker after another while slow analyses are in flight."""
    for number, worker in enumerate(list(scene.workers)):
        slow = [f"slow-{scene.sign()}-{number}-{each}" for each in range(SLOW_CONVERSATIONS)]
        await asyncio.gather(*(scene.post(name, 1, SLOW) for name in slow))
        await asyncio.sleep(scene.random.uniform(0, 2))
        await scene.terminate(worker)
        await scene.again(worker)


async def kill(scene: Scene) -> None:
    """``kill -9``, then a restart on its own data directory."""
    worker = scene.pick()
    await asyncio.to_thread(worker.kill)
    await scene.again(worker)


async def kill_repeatedly(scene: Scene) -> None:
    """``kill -9`` again and again while the worker starts, joins or recovers."""
    worker = scene.pick()
    for _ in range(KILLS):
        await asyncio.to_thread(worker.kill)
        worker.start()
        await asyncio.sleep(scene.random.uniform(1, 8))
    await scene.ready(worker)


async def kill_and_lose_disk(scene: Scene) -> None:
    """``kill -9``, then a restart with an empty data directory."""
    worker = scene.pick()
    await asyncio.to_thread(worker.kill)
    shutil.rmtree(worker.data_dir)
    await scene.again(worker)


async def kill_and_swap_disks(scene: Scene) -> None:
    """``kill -9`` of two workers; each comes back on the other's data directory, of another set of partitions."""
    one, other = scene.random.sample(scene.workers, 2)
    await asyncio.gather(*(asyncio.to_thread(worker.kill) for worker in (one, other)))
    one.data_dir, other.data_dir = other.data_dir, one.data_dir
    one.start()
    other.start()
    await scene.ready(one, other)


async def pause(scene: Scene) -> None:
    """SIGSTOP past the session timeout: the others take over, then the zombie wakes up."""
    worker = scene.pick()
    os.kill(worker.pid, signal.SIGSTOP)
    await asyncio.sleep(PAUSE_SECONDS)
    os.kill(worker.pid, signal.SIGCONT)
    await scene.ready(worker)


async def zombie(scene: Scene) -> None:
    """SIGSTOP in the middle of a burst; the zombie wakes up with full buffers, and its heirs lose their disks.

    So what the zombie wrote after its time, if anything, is what the tables are made from.
    """
    worker = scene.pick()
    heirs = [each for each in scene.workers if each is not worker]
    names = [f"burst-{scene.sign()}-{number}" for number in range(BURST_CONVERSATIONS)]
    burst = asyncio.gather(*(scene.post(name, MESSAGES_PER_CONVERSATION) for name in names))
    await asyncio.sleep(scene.random.uniform(1, 2))
    os.kill(worker.pid, signal.SIGSTOP)
    await asyncio.sleep(PAUSE_SECONDS)
    await asyncio.sleep(scene.random.uniform(0, 5))
    os.kill(worker.pid, signal.SIGCONT)
    await asyncio.sleep(scene.random.uniform(0.2, 2))
    for heir in heirs:
        await asyncio.to_thread(heir.kill)
        shutil.rmtree(heir.data_dir)
        heir.start()
    await burst
    await scene.ready()
    await scene.worked_off()


CRASHES: Faults = {
    "rolling restart": rolling_restart,
    "SIGKILL": kill,
    "SIGKILL again and again": kill_repeatedly,
    "SIGKILL and empty disk": kill_and_lose_disk,
    "SIGKILL and swapped disks": kill_and_swap_disks,
    "SIGSTOP past the session": pause,
    "zombie": zombie,
}
