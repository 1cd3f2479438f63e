"""Standbys on Apache Kafka: while a dead worker's conversations move, reads go on from copies, and say that they do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import aiohttp
import pytest
from aiokafka import TopicPartition

from signalstream.topics import TABLES
from tests.client import Client, Json
from tests.kafka.conftest import PARTITIONS, Deployment, client_of
from tests.kafka.direct import ends
from tests.workers import Worker

pytestmark = pytest.mark.kafka
CONVERSATIONS = [f"conversation-{number}" for number in range(8)]
LEVEL_SECONDS = 2.0  # a quiet copy is level after a fetch, half a second at most
TAKEN_OVER_SECONDS = 30.0
TO_READ = re.compile(r"Changelog records to read before this worker is ready: (\d+)")


async def started(deployment: Deployment, workers: int) -> list[Worker]:
    for _ in range(workers):
        await asyncio.to_thread(deployment.start(standby_replicas="1").wait_ready)
    for worker in deployment.workers:
        await asyncio.to_thread(worker.wait_ready)
    return deployment.workers


async def read(client: Client, path: str) -> tuple[int, str | None, float, Json]:
    """Return the status, whether it is marked as stale, its age, and the body."""
    async with client.session.get(client.url + path) as answer:
        age = float(answer.headers.get("X-Stale-Age-Seconds", "0"))
        return answer.status, answer.headers.get("X-Stale"), age, await answer.json()


def paths() -> Iterator[str]:
    for conversation in CONVERSATIONS:
        yield from (f"/v1/conversations/{conversation}{view}" for view in ("", "/insights", "/timeline"))


async def changelog_records(deployment: Deployment) -> int:
    """Return how many records the changelogs hold, with those that newer ones have replaced."""
    logs = [
        TopicPartition(f"{deployment.names.app_id}-{table}-changelog", partition)
        for table in TABLES
        for partition in range(PARTITIONS)
    ]
    return sum((await ends(deployment.bootstrap, logs)).values())


@pytest.mark.parametrize("workers", [2, 3])
async def test_reads_go_on_from_marked_copies_while_a_killed_workers_conversations_move(
    on_kafka: Deployment, session: aiohttp.ClientSession, workers: int
) -> None:
    *survivors, killed = await started(on_kafka, workers)
    clients = [client_of(session, worker) for worker in survivors]
    for number, conversation in enumerate(CONVERSATIONS):
        assert (await clients[number % len(clients)].post(conversation, "where is my order 4711?"))[0] == 202
    for conversation in CONVERSATIONS:
        await clients[0].complete(conversation, 1)
    before = {path: (await read(clients[0], path))[3] for path in paths()}
    await asyncio.sleep(LEVEL_SECONDS)

    killed.kill()
    stale: set[str] = set()
    oldest = 0.0
    async with asyncio.timeout(TAKEN_OVER_SECONDS):
        marked = {""}
        while marked or not stale:
            marked = set()
            for client in clients:
                for path in paths():
                    status, mark, age, body = await read(client, path)
                    assert (status, body) == (200, before[path])
                    marked |= {path} if mark else set()
                    oldest = max(oldest, age)
            stale |= marked
    assert oldest < TAKEN_OVER_SECONDS

    for conversation in CONVERSATIONS:
        assert (await clients[-1].post(conversation, "and my refund?"))[0] == 202
    for conversation in CONVERSATIONS:
        await clients[0].complete(conversation, 2)
    if workers == 2:  # the survivor had every copy; among several the even share comes first
        to_read = int(TO_READ.findall(survivors[0].log_path.read_text())[-1])
        assert to_read < await changelog_records(on_kafka) / 8, "a copy that was level has next to nothing to read"
