"""A deployment to take workers from: workers on default settings, and conversations whose pictures are known."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiokafka.partitioner import DefaultPartitioner

from benchmarks.availability import Json, insight_of
from benchmarks.workload import TENANT, text_of
from signalstream.core.keys import ConversationKey
from signalstream.settings import Settings
from signalstream.web.forwarding import FORWARDED_HEADER
from tests.workers import Worker

AT_ONCE = 16
PICTURE_SECONDS = 60.0
PARTITIONS = int(Settings.model_fields["partitions"].default)
_partition_of = DefaultPartitioner()


@dataclass
class Deployment:
    """Workers of one deployment, all roles each, on default settings but for names, addresses and directories."""

    brokers: str
    directory: Path
    prefix: str
    workers: list[Worker] = field(default_factory=list)
    pictures: dict[str, Json] = field(default_factory=dict)

    def add(self) -> Worker:
        """Start one more worker; does not wait for it."""
        settings = {
            "SIGNALSTREAM_DEFAULT_TENANT": TENANT,
            "SIGNALSTREAM_APP_ID": self.prefix,
            "SIGNALSTREAM_TOPIC_PREFIX": self.prefix,
        }
        worker = Worker(self.brokers, self.directory / f"worker-{len(self.workers)}", settings)
        self.workers.append(worker)
        worker.start()
        return worker

    async def all_ready(self) -> None:
        """Wait till every worker is ready. Raises WorkerError."""
        for worker in self.workers:
            await asyncio.to_thread(worker.wait_ready)

    def stop(self) -> None:
        """End every worker."""
        for worker in self.workers:
            worker.terminate()

    async def converse(self, session: aiohttp.ClientSession, conversations: int) -> None:
        """Post a message to each of so many conversations and keep their complete pictures."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def begin(number: int) -> None:
            async with slots:
                await post(session, self.workers[number % len(self.workers)].url, f"failover-{number}", number)

        await asyncio.gather(*(begin(number) for number in range(conversations)))
        names = [f"failover-{number}" for number in range(conversations)]
        await self.remember(session, self.workers[0].url, names)

    async def remember(self, session: aiohttp.ClientSession, url: str, names: Sequence[str]) -> None:
        """Keep the pictures of these conversations, once each is complete. Raises RuntimeError after a minute."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def keep(name: str) -> None:
            async with slots:
                self.pictures[name] = await _complete(session, url, name)

        await asyncio.gather(*(keep(name) for name in names))

    async def wrong(self, session: aiohttp.ClientSession, url: str, names: Sequence[str]) -> list[str]:
        """Return which of these conversations the worker at ``url`` does not show as they are known."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def differs(name: str) -> bool:
            async with slots:
                return await insight_of(session, url, name) != (200, self.pictures[name])

        return [
            name for name, different in zip(names, await asyncio.gather(*map(differs, names)), strict=True) if different
        ]

    async def owned_by(self, session: aiohttp.ClientSession, worker: Worker) -> list[str]:
        """Return the conversations that the worker itself holds, asked of it by one of each partition."""
        by_partition: dict[int, list[str]] = {}
        for name in self.pictures:
            by_partition.setdefault(partition(name), []).append(name)
        owned: list[str] = []
        for names in by_partition.values():
            status, _ = await insight_of(session, worker.url, names[0], {FORWARDED_HEADER: "1"})
            owned.extend(names if status == 200 else ())
        return owned


async def post(session: aiohttp.ClientSession, url: str, name: str, number: int) -> None:
    """Post one message, again and again until it is accepted."""
    body = {"conversation_id": name, "sender": "customer", "message": text_of(number)}
    while True:
        try:
            async with session.post(f"{url}/v1/messages", json=body) as answer:
                if answer.status == 202:
                    return
        except (aiohttp.ClientError, TimeoutError):
            pass  # its worker is the one that went away: the next attempt says when another accepts
        await asyncio.sleep(0.1)


async def _complete(session: aiohttp.ClientSession, url: str, name: str) -> Json:
    clock = asyncio.get_running_loop().time
    until = clock() + PICTURE_SECONDS
    while clock() < until:
        status, insight = await insight_of(session, url, name)
        if status == 200 and insight["completeness"] == "complete":
            return insight
        await asyncio.sleep(0.1)
    raise RuntimeError(f"the picture of {name} was not complete within {PICTURE_SECONDS:.0f} s")


def partition(name: str) -> int:
    """Return the partition of a conversation of the benchmark's tenant."""
    everywhere = list(range(PARTITIONS))
    return int(_partition_of(ConversationKey(TENANT, name).encode(), everywhere, everywhere))
