"""The faults: each takes one worker down in its way and brings it back."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.workers import Worker

Fault = Callable[["Faults", Worker], Awaitable[None]]
PAUSE_SECONDS = 12.0  # past the session timeout of the tests, 6 s


@dataclass
class Faults:
    """Brings faults on workers and keeps how long each worker needed to be ready again."""

    random: random.Random
    ready_after_seconds: list[float] = field(default_factory=list)
    stop_seconds: list[float] = field(default_factory=list)
    exit_codes: list[int] = field(default_factory=list)

    async def stop(self, worker: Worker) -> None:
        """SIGTERM, as a rolling restart does; the worker must end by itself with code 0."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        self.exit_codes.append(await asyncio.to_thread(worker.terminate))
        self.stop_seconds.append(loop.time() - started)
        await self._again(worker)

    async def kill(self, worker: Worker) -> None:
        """``kill -9``, then a restart on its own data directory."""
        await asyncio.to_thread(worker.kill)
        await self._again(worker)

    async def kill_and_lose_disk(self, worker: Worker) -> None:
        """``kill -9``, then a restart with an empty data directory."""
        await asyncio.to_thread(worker.kill)
        shutil.rmtree(worker.data_dir)
        await self._again(worker)

    async def pause(self, worker: Worker) -> None:
        """SIGSTOP past the session timeout: the others take over, then the zombie wakes up."""
        os.kill(worker.pid, signal.SIGSTOP)
        await asyncio.sleep(PAUSE_SECONDS)
        os.kill(worker.pid, signal.SIGCONT)
        await self._ready(worker)

    async def _again(self, worker: Worker) -> None:
        await asyncio.sleep(self.random.uniform(0, 8))
        worker.start()
        await self._ready(worker)

    async def _ready(self, worker: Worker) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        await asyncio.to_thread(worker.wait_ready)
        self.ready_after_seconds.append(loop.time() - started)


FAULTS: dict[str, Fault] = {
    "SIGTERM": Faults.stop,
    "SIGKILL": Faults.kill,
    "SIGKILL and empty disk": Faults.kill_and_lose_disk,
    "SIGSTOP past the session": Faults.pause,
}
