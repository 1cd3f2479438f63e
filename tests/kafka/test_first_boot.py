"""A first boot: on a broker without topics it makes them right; beside topics that are wrong it touches nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiokafka.admin import NewTopic

from signalstream.settings import Settings
from signalstream.streaming.preflight import inspect
from tests.kafka.conftest import PARTITIONS, Deployment, client_of
from tests.kafka.direct import administering
from tests.workers import Worker

pytestmark = pytest.mark.kafka


async def traces(deployment: Deployment) -> tuple[set[str], set[str]]:
    """Return the topics and the consumer groups of a deployment."""
    async with administering(deployment.bootstrap) as admin:
        topics, groups = await admin.list_topics(), await admin.list_consumer_groups()
    names = (deployment.names.topic_prefix, deployment.names.app_id)
    return {name for name in topics if name.startswith(names)}, {name for name, *_ in groups if name.startswith(names)}


def settings_of(deployment: Deployment) -> Settings:
    names = deployment.names
    return Settings(
        _env_file=None,
        kafka_brokers=(deployment.bootstrap,),
        partitions=PARTITIONS,
        app_id=names.app_id,
        topic_prefix=names.topic_prefix,
    )


async def test_two_workers_at_the_same_moment_make_every_topic_once_and_right_and_share_the_work(
    on_kafka: Deployment, session: aiohttp.ClientSession
) -> None:
    assert await traces(on_kafka) == (set(), set())
    workers = [on_kafka.start(), on_kafka.start()]
    for worker in workers:
        await asyncio.to_thread(worker.wait_ready)
    report = await inspect(settings_of(on_kafka))
    assert {row.state for row in report.rows} == {"ok"}
    for number in range(8):
        status, _ = await client_of(session, workers[number % 2]).post(f"first-{number}", "is anyone there?")
        assert status == 202
    for number in range(8):
        for worker in workers:
            await client_of(session, worker).complete(f"first-{number}", 1)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (
            lambda d: NewTopic(d.topic("ai.pii"), PARTITIONS + 1, 1),
            "{topic} has 5 partitions, SIGNALSTREAM_PARTITIONS says 4",
        ),
        (
            lambda d: NewTopic(d.topic("messages.raw"), PARTITIONS, 1, topic_configs={"cleanup.policy": "compact"}),
            "{topic} has cleanup.policy=compact, expected delete",
        ),
        (
            lambda d: NewTopic(
                f"{d.names.app_id}-insights-changelog", PARTITIONS - 1, 1, topic_configs={"cleanup.policy": "compact"}
            ),
            "{topic} has 3 partitions, SIGNALSTREAM_PARTITIONS says 4",
        ),
        (
            lambda d: NewTopic(d.topic("ai.sentiment"), PARTITIONS, 1, topic_configs={"retention.ms": "604800000"}),
            "{topic} has message.timestamp.type=CreateTime, expected LogAppendTime",
        ),
    ],
    ids=["partitions", "cleanup policy", "changelog partitions", "timestamps"],
)
async def test_beside_a_wrong_topic_a_worker_says_why_in_one_line_and_neither_joins_nor_creates_anything(
    on_kafka: Deployment, tmp_path: Path, make: Any, reason: str
) -> None:
    wrong = make(on_kafka)
    async with administering(on_kafka.bootstrap) as admin:
        await admin.create_topics([wrong])
    worker = Worker(
        on_kafka.bootstrap, tmp_path, {**on_kafka.names.environment(), "SIGNALSTREAM_PARTITIONS": str(PARTITIONS)}
    )
    worker.start()
    assert await asyncio.to_thread(worker.wait_ended, 60) == 2
    assert "Traceback" not in worker.log(500)
    line = worker.log(1)
    assert line.startswith("signalstream: ")
    assert reason.format(topic=wrong.name) in line
    assert "does not exist" not in line
    assert await traces(on_kafka) == ({wrong.name}, set())
