"""Clocks that are wrong: those of the workers, and those of whoever dates a message. Windows stay what they are."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiokafka import AIOKafkaProducer

from signalstream.agents.registry import AI_AGENT_NAMES
from signalstream.core.keys import ConversationKey
from signalstream.models.base import rfc3339
from signalstream.models.messages import Message
from signalstream.streaming.values import encode
from tests.chaos.run import Plan, run
from tests.client import Client, Json, eventually
from tests.core.analyses import message
from tests.kafka.broker import KafkaBroker
from tests.kafka.conftest import Deployment, client_of

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]
SKEWS = (-300, 0, 300)  # seconds
SESSION_SECONDS = 10
WINDOW_SECONDS, GRACE_SECONDS = 10, 40  # a killed worker's analyses come after its session at the earliest
WINDOWS = {
    "SIGNALSTREAM_WINDOW_SECONDS": str(WINDOW_SECONDS),
    "SIGNALSTREAM_WINDOW_GRACE_SECONDS": str(GRACE_SECONDS),
    "SIGNALSTREAM_WINDOW_SWEEP_SECONDS": "1",
    "SIGNALSTREAM_SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
}
CLOSES_SECONDS = WINDOW_SECONDS + GRACE_SECONDS + 15.0


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Compile the library that makes a process's clock wrong."""
    built = tmp_path / "wrong_clock.so"
    source = Path(__file__).with_name("wrong_clock.c")
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", built, source, "-ldl"], check=True, timeout=60)
    return built


async def timeline(client: Client, conversation: str) -> list[Json]:
    status, body = await client.get(f"/v1/conversations/{conversation}/timeline")
    return list(body["windows"]) if status == 200 else []


async def all_closed(client: Client, conversation: str) -> list[Json]:
    async def closed() -> list[Json] | None:
        windows = await timeline(client, conversation)
        return windows if windows and all(window["status"] == "closed" for window in windows) else None

    return list(await eventually(closed, f"closed windows of {conversation}", CLOSES_SECONDS))


@pytest.fixture
def skewed(on_kafka: Deployment, library: Path) -> Deployment:
    """Give a deployment of three workers whose clocks are minutes apart; plain short windows."""
    for seconds in SKEWS:
        on_kafka.settings = WINDOWS | {"LD_PRELOAD": str(library), "SKEW_SECONDS": str(seconds)}
        on_kafka.start().wait_ready(120)
    return on_kafka


@pytest.mark.clock
async def test_workers_whose_clocks_differ_count_every_message_once_and_close_every_window(
    kafka: KafkaBroker, skewed: Deployment, session: aiohttp.ClientSession
) -> None:
    seed = random.randrange(1_000_000)
    sys.stderr.write(f"clock seed {seed}\n")
    began = time.time()
    plan = Plan(
        seed=seed, cycles=2, names=["SIGKILL", "SIGKILL and empty disk"], workers=0, conversations=12,
        messages_per_second=8, calm_seconds=(3, 6),
    )  # fmt: skip
    outcome = await run(plan, kafka, skewed)
    ended = time.time()
    assert outcome.clean, f"seed {seed}: {outcome.verdict}, {outcome.scene.broken}"
    assert outcome.verdict.sent > 50
    for conversation in outcome.scene.load.accepted:
        windows = await all_closed(client_of(session, skewed.workers[0]), conversation)
        starts = [datetime.fromisoformat(window["start"]).timestamp() for window in windows]
        assert all(began - WINDOW_SECONDS < start <= ended for start in starts), f"windows of another time: {starts}"
        assert sum(window["late_count"] for window in windows) == 0


ODD_TIMES = {
    "1970": datetime(1970, 1, 1, tzinfo=UTC),
    "2100": datetime(2100, 1, 1, tzinfo=UTC),
    "an hour ago": timedelta(hours=-1),
    "an hour ahead": timedelta(hours=1),
}


def odd(which: str) -> datetime:
    when = ODD_TIMES[which]
    return when if isinstance(when, datetime) else datetime.now(UTC) + when


async def produce(deployment: Deployment, made: Message) -> None:
    key = ConversationKey(made.tenant_id, made.conversation_id).encode()
    async with AIOKafkaProducer(bootstrap_servers=deployment.bootstrap) as producer:
        stamp = int(made.received_at.timestamp() * 1000)
        await producer.send_and_wait(deployment.topic("messages.raw"), encode(made), key=key, timestamp_ms=stamp)


async def test_messages_of_any_time_harm_no_other_message_of_their_conversation(
    on_kafka: Deployment, session: aiohttp.ClientSession
) -> None:
    """Each odd time comes twice, posted and from another producer who lies about its arrival too, between others."""
    on_kafka.settings = WINDOWS
    worker = on_kafka.start()
    await asyncio.to_thread(worker.wait_ready)
    client = client_of(session, worker)
    for number, which in enumerate(ODD_TIMES):
        conversation = f"odd-{number}"
        assert (await client.post(conversation, "before"))[0] == 202
        assert (await client.post(conversation, "posted", timestamp=rfc3339(odd(which))))[0] == 202
        await client.complete(conversation, 2)
        await produce(on_kafka, _raw(conversation, odd(which)))
        await client.complete(conversation, 3)
        assert (await client.post(conversation, "after"))[0] == 202
        await client.complete(conversation, 4)
    for number, which in enumerate(ODD_TIMES):
        windows = await all_closed(client, f"odd-{number}")
        assert sum(window["message_count"] for window in windows) == 4, which
        assert sum(sum(window["analyses"].values()) for window in windows) == 4 * len(AI_AGENT_NAMES), which
        assert sum(window["late_count"] for window in windows) == 0, which
        assert len(windows) <= 4
        latest = max(datetime.fromisoformat(window["end"]) for window in windows)
        assert latest < datetime.now(UTC) + timedelta(minutes=6), which


def _raw(conversation: str, at: datetime) -> Message:
    base = message(1, "from elsewhere")
    return base.model_copy(
        update={"conversation_id": conversation, "tenant_id": "demo-tenant", "written_at": at, "received_at": at}
    )
