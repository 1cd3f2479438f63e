"""Faults of one worker: it is stopped, killed or frozen, and comes back."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal

from tests.chaos.scene import Faults, Scene

PAUSE_SECONDS = 12.0  # past the session timeout of the tests, 6 s


async def stop(scene: Scene) -> None:
    """SIGTERM, then a start."""
    worker = scene.pick()
    await scene.terminate(worker)
    await scene.again(worker)


async def kill(scene: Scene) -> None:
    """``kill -9``, then a restart on its own data directory."""
    worker = scene.pick()
    await asyncio.to_thread(worker.kill)
    await scene.again(worker)


async def kill_and_lose_disk(scene: Scene) -> None:
    """``kill -9``, then a restart with an empty data directory."""
    worker = scene.pick()
    await asyncio.to_thread(worker.kill)
    shutil.rmtree(worker.data_dir)
    await scene.again(worker)


async def pause(scene: Scene) -> None:
    """SIGSTOP past the session timeout: the others take over, then the zombie wakes up."""
    worker = scene.pick()
    os.kill(worker.pid, signal.SIGSTOP)
    await asyncio.sleep(PAUSE_SECONDS)
    os.kill(worker.pid, signal.SIGCONT)
    await scene.ready(worker)


CRASHES: Faults = {
    "SIGTERM": stop,
    "SIGKILL": kill,
    "SIGKILL and empty disk": kill_and_lose_disk,
    "SIGSTOP past the session": pause,
}
