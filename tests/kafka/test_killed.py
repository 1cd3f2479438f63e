"""A killed worker on Apache Kafka is back as soon as it has started again, not when its session has run out."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest

from tests.kafka.conftest import Deployment, client_of

pytestmark = pytest.mark.kafka
SESSION_SECONDS = 60


async def test_a_killed_worker_takes_its_place_back_long_before_its_session_is_over(
    on_kafka: Deployment, session: aiohttp.ClientSession
) -> None:
    worker = on_kafka.start(session_timeout_seconds=str(SESSION_SECONDS))
    await asyncio.to_thread(worker.wait_ready)
    client = client_of(session, worker)
    assert (await client.post("killed", "where is my order 4711?"))[0] == 202
    await client.complete("killed", 1)

    killed = time.monotonic()
    for seq in (2, 3):  # the second time it is its own successor that is killed
        await asyncio.to_thread(worker.kill)
        worker.start()
        await asyncio.to_thread(worker.wait_ready)
        assert (await client.post("killed", "and my refund?"))[0] == 202
        await client.complete("killed", seq)
    assert time.monotonic() - killed < SESSION_SECONDS / 2
