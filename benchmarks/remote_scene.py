"""One scene of the remote model's rows: workers with Gemini as their analyst, and a load of messages on them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.processes import cpu_seconds
from benchmarks.remote_load import Posts, RemoteLoad
from benchmarks.stand_in import StandIn
from benchmarks.tail import PARTITIONS
from benchmarks.topics import delete_topics
from signalstream.streaming.lifeline import end_child, log_tail, start_child
from tests.workers import REPOSITORY, Worker

START_SECONDS, STOP_SECONDS = 40.0, 5.0


@dataclass
class Scene:
    """Workers on fresh topics of their own, all roles each, and a stand-in for the model."""

    brokers: str
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

    def cpu_seconds(self) -> float:
        """Return the CPU time that the workers have used so far."""
        return cpu_seconds(worker.pid for worker in self.workers)

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
        child = self._generator(load)
        posting = asyncio.create_task(asyncio.to_thread(_result_of, child, self.directory, seconds + START_SECONDS))
        try:
            yield posting
        finally:
            await asyncio.to_thread(end_child, child, STOP_SECONDS)
            await asyncio.gather(posting, return_exceptions=True)

    def _generator(self, load: RemoteLoad) -> subprocess.Popen[bytes]:
        self.directory.mkdir(parents=True, exist_ok=True)
        spec = self.directory / "load.json"
        spec.write_text(load.model_dump_json())
        command = [sys.executable, "-m", "benchmarks.remote_load", str(spec), str(self.directory / "posts.json")]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        return start_child(command, self.directory / "load.log", env=environment, cwd=self.directory)


def _result_of(child: subprocess.Popen[bytes], directory: Path, limit_seconds: float) -> Posts:
    code = child.wait(limit_seconds)
    if code != 0:
        raise RuntimeError(f"the load ended with code {code}; its log ends:\n{log_tail(directory / 'load.log')}")
    return Posts.model_validate_json((directory / "posts.json").read_bytes())


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


@dataclass(frozen=True)
class Counted:
    """What the stand-in counted between two moments, ``seconds`` apart, and the CPU time of all workers."""

    seconds: float
    cpu_seconds: float
    requests: int
    refused: int
    turns: int

    @property
    def refused_share(self) -> float:
        """Return which share of the requests its quota refused, 0..1; 0 when there were none."""
        return self.refused / self.requests if self.requests else 0.0

    @property
    def per_minute(self) -> float:
        """Return the requests a minute."""
        return 60 * self.requests / self.seconds

    @property
    def cores(self) -> float:
        """Return how many cores the workers kept busy."""
        return self.cpu_seconds / self.seconds

    @property
    def turns_each(self) -> float:
        """Return how many turns a request that was not refused held."""
        return self.turns / max(1, self.requests - self.refused)


@dataclass
class Counting:
    """Counts what the stand-in sees of a scene, and its workers' CPU time, from its making on."""

    scene: Scene
    before: Mapping[str, Any]
    cpu_before: float
    since: float

    @classmethod
    async def begun(cls, scene: Scene) -> Counting:
        """Return a counting from now on."""
        return cls(scene, (await scene.stand_in.stats())["counts"], scene.cpu_seconds(), time.monotonic())

    async def counted(self) -> Counted:
        """Return what was counted until now."""
        after = (await self.scene.stand_in.stats())["counts"]
        requests, refused, turns = (
            after.get(name, 0) - self.before.get(name, 0) for name in ("requests", "quota", "conversations")
        )
        seconds, cpu_seconds = time.monotonic() - self.since, self.scene.cpu_seconds() - self.cpu_before
        return Counted(seconds, cpu_seconds, requests, refused, turns)
