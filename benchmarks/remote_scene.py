"""One scene of the remote model's rows: workers with Gemini as their analyst, and a load of messages on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.child import begin_child
from benchmarks.processes import busy_seconds, cpu_seconds
from benchmarks.remote_counting import Cpu
from benchmarks.remote_load import Posts, RemoteLoad
from benchmarks.stand_in import StandIn
from benchmarks.tail import PARTITIONS
from benchmarks.topics import delete_topics
from tests.workers import Worker

START_SECONDS = 40.0


@dataclass
class Scene:
    """Workers on fresh topics of their own, all roles each, and a stand-in for the model."""

    brokers: str
    broker_pid: int
    directory: Path
    prefix: str
    stand_in: StandIn
    settings: Mapping[str, str] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)

    async def start(self, workers: int) -> None:
        """Start all of it and wait till it is ready. Raises RuntimeError or WorkerError."""
        await asyncio.to_thread(self.stand_in.start)
        settings = {
            **self.stand_in.settings(),
            "SIGNALSTREAM_APP_ID": self.prefix,
            "SIGNALSTREAM_TOPIC_PREFIX": self.prefix,
            "SIGNALSTREAM_PARTITIONS": str(PARTITIONS),
            **self.settings,
        }
        self.workers = [
            Worker(self.brokers, self.directory / f"worker-{number}", settings) for number in range(workers)
        ]
        for worker in self.workers:
            worker.start()
        for worker in self.workers:
            await asyncio.to_thread(worker.wait_ready)

    def stop(self) -> None:
        """End every process."""
        for worker in self.workers:
            worker.terminate()
        self.stand_in.stop()

    def cpu(self) -> Cpu:
        """Return the CPU time that each part has used so far."""
        return Cpu(
            workers=cpu_seconds(worker.pid for worker in self.workers),
            broker=cpu_seconds([self.broker_pid]),
            stand_in=cpu_seconds([self.stand_in.pid]),
            machine=busy_seconds(),
        )

    def log(self) -> str:
        """Return the end of the workers' logs."""
        return "\n".join(worker.log(30) for worker in self.workers)

    @asynccontextmanager
    async def loaded(
        self,
        *,
        per_minute: float,
        seconds: float,
        tenants: int,
        conversations: int | None = None,
        straight: bool = False,
    ) -> AsyncIterator[asyncio.Task[Posts]]:
        """Give a task that posts for so long, from about now on; ``straight`` into the raw topic instead.

        Without ``conversations`` each message has its own.
        """
        load = RemoteLoad(
            urls=tuple(worker.url for worker in self.workers),
            brokers=self.brokers,
            raw_topic=f"{self.prefix}.messages.raw" if straight else None,
            per_minute=per_minute,
            seconds=seconds,
            tenants=tenants,
            conversations=conversations or max(1, int(per_minute * seconds / 60)),
        )
        child = begin_child("benchmarks.remote_load", load, self.directory)
        posting = asyncio.create_task(asyncio.to_thread(child.result, Posts, seconds + START_SECONDS))
        try:
            yield posting
        finally:
            await asyncio.to_thread(child.end)
            await asyncio.gather(posting, return_exceptions=True)


@asynccontextmanager
async def scene_of(scene: Scene, workers: int) -> AsyncIterator[Scene]:
    """Give the scene once it is ready; end it and delete its topics afterwards."""
    try:
        await scene.start(workers)
        yield scene
    except Exception as error:
        error.add_note(f"{scene.prefix}: the logs end:\n{scene.log()}")
        raise
    finally:
        await asyncio.to_thread(scene.stop)
    await delete_topics(scene.brokers, [scene.prefix])
