"""A worker that cannot keep its promises does not start: one line on stderr, exit code 2."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from aiokafka.admin import NewTopic

from tests.kafka.conftest import Deployment
from tests.kafka.direct import administering
from tests.workers import Worker

pytestmark = pytest.mark.kafka


def refused(worker: Worker) -> str:
    """Start a worker that must end with code 2 and return its last line."""
    worker.start()
    assert worker.wait_ended(30) == 2
    lines = worker.log_path.read_text().strip().splitlines()
    assert not any("Traceback" in line for line in lines)
    return lines[-1]


def worker_of(deployment: Deployment, directory: Path, **settings: str) -> Worker:
    environment = {f"SIGNALSTREAM_{name.upper()}": value for name, value in settings.items()}
    directory.mkdir(exist_ok=True)
    return Worker(deployment.bootstrap, directory, {**deployment.names.environment(), **environment})


async def create(deployment: Deployment, topic: NewTopic) -> None:
    async with administering(deployment.bootstrap) as admin:
        await admin.create_topics([topic])


async def test_a_changelog_that_deletes_is_refused(on_kafka: Deployment, tmp_path: Path) -> None:
    changelog = f"{on_kafka.names.app_id}-insights-changelog"
    await create(on_kafka, NewTopic(changelog, 4, 1, topic_configs={"cleanup.policy": "delete"}))
    line = await asyncio.to_thread(refused, worker_of(on_kafka, tmp_path / "w", partitions="4"))
    assert f"{changelog} has cleanup.policy=delete, expected compact" in line


async def test_missing_topics_are_refused_when_creating_them_is_not_allowed(
    on_kafka: Deployment, tmp_path: Path
) -> None:
    line = await asyncio.to_thread(refused, worker_of(on_kafka, tmp_path / "w", topic_creation="verify"))
    assert "does not exist; run `signalstream topics create`" in line


async def test_a_busy_port_is_named(on_kafka: Deployment, tmp_path: Path) -> None:
    worker = worker_of(on_kafka, tmp_path / "w")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", worker.port))
        taken.listen()
        line = await asyncio.to_thread(refused, worker)
    assert f"cannot listen on 127.0.0.1:{worker.port}" in line


async def test_no_broker_is_said_after_the_wait(on_kafka: Deployment, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        worker = worker_of(on_kafka, tmp_path / "w", kafka_brokers=address, broker_wait_seconds="1")
        line = await asyncio.to_thread(refused, worker)
    assert f"no Kafka broker answers at {address}" in line


async def test_a_directory_that_cannot_be_written_is_named(on_kafka: Deployment, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    line = await asyncio.to_thread(refused, worker_of(on_kafka, tmp_path / "w", data_dir=str(blocked)))
    assert f"cannot write to {blocked}" in line


async def test_a_worker_is_open_to_nobody_by_mistake(on_kafka: Deployment, tmp_path: Path) -> None:
    line = await asyncio.to_thread(refused, worker_of(on_kafka, tmp_path / "w", auth="required"))
    assert "SIGNALSTREAM_AUTH_SECRET_FILE" in line
    line = await asyncio.to_thread(refused, worker_of(on_kafka, tmp_path / "v", host="0.0.0.0"))
    assert "SIGNALSTREAM_AUTH=off would let in whoever reaches 0.0.0.0" in line


def test_a_wrong_setting_is_one_line_that_names_the_variable(on_kafka: Deployment, tmp_path: Path) -> None:
    worker = worker_of(on_kafka, tmp_path / "w", partitions="many")
    line = refused(worker)
    assert "SIGNALSTREAM_PARTITIONS" in line
    assert "many" in line
