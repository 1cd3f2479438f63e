"""A worker goes: the survivor serves its conversations, and goes on with them, within the promised time doubled.

The benchmark measures the times themselves (``make bench ARGS=failover``); these bounds leave room for a busy machine.
"""

from __future__ import annotations

import asyncio
import os
import signal

import aiohttp
import pytest

from signalstream.web.forwarding import FORWARDED_HEADER
from tests.client import Client, Json, eventually
from tests.kafka.conftest import Deployment, client_of
from tests.workers import Worker

pytestmark = pytest.mark.kafka
CONVERSATIONS = [f"conversation-{number}" for number in range(16)]
TERM_SECONDS, KILL_SECONDS = 3.0, 15.0


@pytest.fixture
async def two(on_kafka: Deployment) -> list[Worker]:
    on_kafka.settings["SIGNALSTREAM_SESSION_TIMEOUT_SECONDS"] = "10"  # the default, which the promise is about
    workers = [on_kafka.start(), on_kafka.start()]
    for worker in workers:
        await asyncio.to_thread(worker.wait_ready)
    return workers


async def own_answer(client: Client, name: str) -> tuple[int, Json]:
    """Ask the worker for what it holds itself: a request that was forwarded once goes no further."""
    return await client.get(f"/v1/conversations/{name}/insights", **{FORWARDED_HEADER: "1"})


async def served(client: Client, pictures: dict[str, Json], names: list[str]) -> bool | None:
    """Say whether the worker serves each conversation itself; whatever is not 503 must be its picture."""
    statuses = set()
    for name in names:
        status, insight = await own_answer(client, name)
        assert status == 503 or (status, insight) == (200, pictures[name])
        statuses.add(status)
    return statuses == {200} or None


@pytest.mark.parametrize(
    ("signal_number", "seconds"),
    [
        pytest.param(signal.SIGTERM, TERM_SECONDS, id="SIGTERM"),
        pytest.param(signal.SIGKILL, KILL_SECONDS, id="SIGKILL"),
    ],
)
async def test_the_survivor_serves_what_the_dead_worker_owned_and_goes_on_with_it(
    two: list[Worker], session: aiohttp.ClientSession, signal_number: signal.Signals, seconds: float
) -> None:
    survivor, victim = (client_of(session, worker) for worker in two)
    for name in CONVERSATIONS:
        assert (await survivor.post(name, "where is my order 4711?"))[0] == 202
    pictures = {name: await survivor.complete(name, 1) for name in CONVERSATIONS}
    own = [name for name in CONVERSATIONS if (await own_answer(victim, name))[0] == 200]
    assert len(own) > 1

    os.kill(two[1].pid, signal_number)
    async with asyncio.timeout(2 * seconds):
        written_to, *read = own
        assert (await survivor.post(written_to, "hello?"))[0] == 202
        await eventually(lambda: served(survivor, pictures, read), f"all of {read}", 2 * seconds)
        await survivor.complete(written_to, 2)
    assert await asyncio.to_thread(two[1].wait_ended, 15) in {0, -signal.SIGKILL}
