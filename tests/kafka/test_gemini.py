"""A worker whose analyst is Gemini, over real gRPC with TLS: faults, an outage, the time after it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from signalstream.core.reasons import CODES
from signalstream.core.reasons import told as told_of
from signalstream.models.intelligence import AnalysisStatus
from signalstream.streaming.embedded import free_port
from tests.cli.command import signalstream
from tests.client import Client, Json, eventually
from tests.gemini_fake.certificates import certificates
from tests.gemini_fake.faults import FaultMix
from tests.gemini_fake.model import FakeModel
from tests.gemini_fake.server import FakeGemini, Ports
from tests.kafka.conftest import Deployment, client_of

pytestmark = pytest.mark.kafka
MESSAGES = 40
CANARY = "jo.canary@example.com"
KEY = "a-key-that-nobody-has"
TEXT = f"You charged me twice and nobody answers, I want my money back! Write to {CANARY}"
REMOTE = ("sentiment", "pii", "insights", "summary")
FAULTS = {
    "unavailable": 0.04,
    "rate_limit": 0.03,
    "hang": 0.02,
    "reset": 0.02,
    "safety": 0.03,
    "malformed": 0.02,
    "wrong_schema": 0.02,
    "max_tokens": 0.02,
}


@pytest.fixture
async def gemini(tmp_path: Path) -> AsyncIterator[FakeGemini]:
    tls = certificates()
    (tmp_path / "ca.pem").write_bytes(tls.authority)
    ports = Ports(grpc_tls=free_port())  # the same after an outage
    async with FakeGemini(FakeModel(FaultMix(latency=(0.01, 0.1))), tls, ports) as fake:
        yield fake


@pytest.fixture
async def client(
    on_kafka: Deployment, session: aiohttp.ClientSession, gemini: FakeGemini, tmp_path: Path
) -> AsyncIterator[Client]:
    on_kafka.settings["GEMINI_API_KEY"] = KEY
    worker = on_kafka.start(
        analyst="auto",
        gemini_endpoint=gemini.endpoint,
        gemini_ca_file=str(tmp_path / "ca.pem"),
        remote_attempt_seconds="1.5",
    )
    await asyncio.to_thread(worker.wait_ready)
    yield client_of(session, worker)
    await asyncio.to_thread(on_kafka.stop)


def told(insight: Json) -> dict[str, tuple[str, str | None, str | None]]:
    """Return what each agent says: status, reason and engine."""
    return {name: (agent["status"], agent["reason"], agent["engine"]) for name, agent in insight["agents"].items()}


async def answered(client: Client, name: str) -> Json:
    """Post a message of a conversation of its own and return its whole insight."""
    status, _ = await client.post(name, TEXT)
    assert status == 202
    return await client.complete(name, 1)


async def remote(client: Client) -> Json:
    _, health = await client.get("/health")
    part: Json = health["parts"]["analyst"]
    return part


async def test_amid_faults_every_message_gets_four_results_or_says_why_not_and_no_personal_data_leaves(
    client: Client, gemini: FakeGemini
) -> None:
    assert told(await answered(client, "calm")) == {
        **dict.fromkeys(REMOTE, ("ok", None, "gemini")),
        "language": ("ok", None, told(await client.complete("calm", 1))["language"][2]),
    }
    gemini.model.faults = FaultMix(FAULTS, retry_after=0.3, latency=(0.01, 0.1), seed=20_261_122)

    insights = await asyncio.gather(*(answered(client, f"c-{number}") for number in range(MESSAGES)))

    ends = [told(insight)[agent] for insight in insights for agent in REMOTE]
    assert {status for status, _, _ in ends} <= {"ok", "degraded"}
    assert all(reason is None and engine == "gemini" for status, reason, engine in ends if status == "ok")
    words = {told_of(code, AnalysisStatus.DEGRADED) for code in CODES}
    assert {reason for status, reason, _ in ends if status == "degraded"} <= words
    assert sum(status == "ok" for status, _, _ in ends) > len(ends) / 2
    assert all(insight[agent] is not None for insight in insights for agent in REMOTE)
    assert gemini.model.stats.containing(CANARY) == 0
    assert gemini.model.stats.containing("charged me twice") > 0
    part = await remote(client)
    assert (part["engine"], part["remote"]["attempts"]["unavailable"] > 0) == ("gemini", True)
    assert part["gathering"]["questions"] > 0
    assert KEY not in str(part)


async def test_an_outage_holds_no_insight_up_and_what_it_degraded_is_asked_again(
    client: Client, gemini: FakeGemini, on_kafka: Deployment, tmp_path: Path
) -> None:
    await answered(client, "before")
    await gemini.stop()
    waits = []
    for number in range(6):
        began = time.monotonic()
        insight = await answered(client, f"during-{number}")
        waits.append(time.monotonic() - began)
        assert {told(insight)[agent][0] for agent in REMOTE} == {"degraded"}
    assert max(waits) < 5
    assert (await remote(client))["remote"]["status"] == "suspended"

    await gemini.start()
    back = time.monotonic()

    async def whole() -> bool | None:
        insight = await answered(client, f"after-{time.monotonic()}")
        return True if {told(insight)[agent][0] for agent in REMOTE} == {"ok"} else None

    await eventually(whole, "an insight of the model's own after the outage", 60)
    assert time.monotonic() - back < 60

    settings = {"SIGNALSTREAM_KAFKA_BROKERS": on_kafka.bootstrap, **on_kafka.names.environment(), "GEMINI_API_KEY": KEY}
    ended = await asyncio.to_thread(
        signalstream, "reanalyze", "--all", "--per-minute", "6000", folder=tmp_path, settings=settings
    )
    assert ended.returncode == 0, ended.stderr

    async def better() -> bool | None:
        insights = [(await client.insights(f"during-{number}"))[1] for number in range(6)]
        return True if all(told(each)[agent][0] == "ok" for each in insights for agent in REMOTE) else None

    await eventually(better, "every degraded analysis replaced by the model's own")
    again = await asyncio.to_thread(signalstream, "reanalyze", "--all", "--dry-run", folder=tmp_path, settings=settings)
    assert "would send 0 turns" in again.stdout, again.stdout + again.stderr
