"""More workers than partitions: the one that has had nothing to do for long takes over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.client import Json, eventually
from tests.kafka.conftest import Deployment, client_of
from tests.kafka.direct import administering
from tests.workers import get

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]
JOIN_SECONDS, TAKEN_OVER_SECONDS = 60.0, 30.0


@pytest.fixture
async def admin(on_kafka: Deployment) -> AsyncIterator[AIOKafkaAdminClient]:
    async with administering(on_kafka.bootstrap) as client:
        yield client


async def has_members(admin: AIOKafkaAdminClient, deployment: Deployment, count: int) -> bool | None:
    """Say whether the group of conversations and tables has so many members.

    Of the other groups each worker may have got the only partition: their assignor does not look at who had it.
    """
    (answer,) = await admin.describe_consumer_groups([deployment.names.app_id])
    return len(answer.groups[0][5]) == count or None


async def test_a_spare_takes_over_after_an_idleness_that_makes_stock_faust_leave(
    on_kafka: Deployment, admin: AIOKafkaAdminClient, session: aiohttp.ClientSession
) -> None:
    on_kafka.settings["SIGNALSTREAM_PARTITIONS"] = "1"
    active = on_kafka.start()
    await asyncio.to_thread(active.wait_ready)
    spare = on_kafka.start()
    await asyncio.to_thread(spare.wait_ready)
    leaver = on_kafka.start(app="tests.kafka.short_poll")
    await eventually(lambda: has_members(admin, on_kafka, 3), "three members", JOIN_SECONDS)
    await client_of(session, active).post("idle", "hello")
    await client_of(session, active).complete("idle", 1)
    await eventually(lambda: has_members(admin, on_kafka, 2), "the leaver gone", JOIN_SECONDS)
    assert get(f"{leaver.url}/live")[0] == 200
    await asyncio.to_thread(active.kill)
    survivor = client_of(session, spare)
    assert (await survivor.post("idle", "are you there?"))[0] == 202

    async def taken_over() -> Json | None:
        status, insight = await survivor.insights("idle")
        return insight if status == 200 and insight["completeness"] == "complete" and insight["last_seq"] == 2 else None

    await eventually(taken_over, "the spare answering for what the dead worker had", TAKEN_OVER_SECONDS)
    assert await has_members(admin, on_kafka, 1)
    assert get(f"{spare.url}/ready")[0] == get(f"{spare.url}/live")[0] == 200
