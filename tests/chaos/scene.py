"""The scene that a fault plays in: broker, workers, chance, and the record of what was measured."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp

from tests.chaos.ledger import ledger
from tests.chaos.load import Load
from tests.kafka.broker import KafkaBroker
from tests.kafka.conftest import Deployment
from tests.workers import Worker

WORKED_OFF_RECORDS, WORKED_OFF_SECONDS = 500, 240.0
DOWN_SECONDS = (0.0, 8.0)  # how long a worker stays away: around the session timeout of the tests, 6 s


@dataclass
class Times:
    """What was measured, in seconds."""

    ready_after: list[float] = field(default_factory=list)
    stop: list[float] = field(default_factory=list)
    accepted_after: list[float] = field(default_factory=list)


@dataclass
class Scene:
    """Everything a fault may break. ``broken`` collects what a fault itself found wrong; it must stay empty."""

    broker: KafkaBroker
    deployment: Deployment
    random: random.Random
    load: Load
    session: aiohttp.ClientSession
    times: Times = field(default_factory=Times)
    exit_codes: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def workers(self) -> list[Worker]:
        """Return the workers of the deployment; the load posts to all of them, whether they run or not."""
        return self.deployment.workers

    def pick(self) -> Worker:
        """Return a worker by chance."""
        return self.random.choice(self.workers)

    def sign(self) -> str:
        """Return a word that no other fault of the run uses, for the names of its conversations."""
        return f"{self.random.randrange(1 << 32):08x}"

    def promise(self, kept: bool, what: str) -> None:
        """Note ``what`` as broken unless it was kept."""
        if not kept:
            self.broken.append(what)

    async def post(self, name: str, messages: int, mark: str = "") -> None:
        """Post messages to a conversation, one after another; they are part of the load and judged with it."""
        for _ in range(messages):
            await self.load.post(self.session, name, mark)

    async def terminate(self, worker: Worker) -> None:
        """SIGTERM; the worker must end by itself with code 0."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        self.exit_codes.append(await asyncio.to_thread(worker.terminate))
        self.times.stop.append(loop.time() - started)
        self.promise(self.exit_codes[-1] == 0, f"a worker ended with code {self.exit_codes[-1]} after SIGTERM")

    async def again(self, worker: Worker, down_seconds: tuple[float, float] = DOWN_SECONDS) -> None:
        """Start a worker that is down after a while, and wait until it is ready."""
        await asyncio.sleep(self.random.uniform(*down_seconds))
        worker.start()
        await self.ready(worker)

    async def ready(self, *workers: Worker) -> None:
        """Wait until these workers are ready (all of them without names), and keep how long it took."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        for worker in workers or tuple(self.workers):
            await asyncio.to_thread(worker.wait_ready)
            self.times.ready_after.append(loop.time() - started)

    async def worked_off(self) -> None:
        """Wait until what a fault has piled up is done but for what the load around it leaves waiting."""
        async with ledger(self.broker.bootstrap, self.deployment.names) as book:
            with suppress(TimeoutError):
                async with asyncio.timeout(WORKED_OFF_SECONDS):
                    while sum((await book.lag()).values()) > WORKED_OFF_RECORDS:
                        await asyncio.sleep(1)
                    return
        self.promise(False, f"the backlog was not worked off within {WORKED_OFF_SECONDS:.0f} s")


Fault = Callable[[Scene], Awaitable[None]]
Faults = Mapping[str, Fault]
