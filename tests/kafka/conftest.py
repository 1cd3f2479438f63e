"""Fixtures of the end-to-end tests: a worker's settings on either broker, and clients."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from signalstream.streaming.embedded import EmbeddedBroker
from tests.client import Client
from tests.conftest import TopicNames, new_topic_names
from tests.kafka.broker import KafkaBroker
from tests.workers import Worker

PARTITIONS = 4


@dataclass
class Deployment:
    """A broker's address, and workers of one deployment on it."""

    bootstrap: str
    names: TopicNames
    directory: Path
    settings: dict[str, str] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)

    def start(self, app: str = "signalstream", **settings: str) -> Worker:
        """Start one more worker with its own port and data directory; does not wait for it."""
        directory = Path(tempfile.mkdtemp(prefix="worker-", dir=self.directory))
        environment = {
            **self.names.environment(),
            "SIGNALSTREAM_PARTITIONS": str(PARTITIONS),
            "SIGNALSTREAM_SESSION_TIMEOUT_SECONDS": "6",
            "SIGNALSTREAM_ANALYST": "tests.analysts:moody",
            **self.settings,
            **{f"SIGNALSTREAM_{name.upper()}": value for name, value in settings.items()},
        }
        worker = Worker(self.bootstrap, directory, environment, app=app)
        self.workers.append(worker)
        worker.start()
        return worker

    def forget(self, worker: Worker) -> None:
        """Leave out a worker that has ended and will not come back."""
        self.workers.remove(worker)

    def topic(self, name: str) -> str:
        return f"{self.names.topic_prefix}.{name}"

    def stop(self) -> None:
        for worker in self.workers:
            worker.terminate()


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path_factory.mktemp("embedded") / "broker.log") as broker:
        yield broker


@pytest.fixture
def on_kafka(kafka: KafkaBroker, topic_names: TopicNames, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(kafka.bootstrap, topic_names, tmp_path)
    yield deployment
    deployment.stop()


@pytest.fixture(
    params=[
        pytest.param("embedded", marks=pytest.mark.embedded),
        pytest.param("kafka", marks=pytest.mark.kafka),
    ]
)
def on_either(request: pytest.FixtureRequest, topic_names: TopicNames, tmp_path: Path) -> Iterator[Deployment]:
    broker: KafkaBroker | EmbeddedBroker = request.getfixturevalue(request.param)
    deployment = Deployment(broker.bootstrap, topic_names, tmp_path)
    yield deployment
    deployment.stop()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("embedded", marks=pytest.mark.embedded),
        pytest.param("kafka", marks=pytest.mark.kafka),
    ],
)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give a deployment with one ready worker, shared by a module's tests: each uses conversations of its own."""
    broker: KafkaBroker | EmbeddedBroker = request.getfixturevalue(request.param)
    deployment = Deployment(broker.bootstrap, new_topic_names(), tmp_path_factory.mktemp("running"))
    deployment.start(log_level="DEBUG").wait_ready()
    yield deployment
    deployment.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield session


def client_of(session: aiohttp.ClientSession, worker: Worker) -> Client:
    return Client(session, worker.url)
