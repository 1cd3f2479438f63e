"""A dead letter that is sent back enters again at its stage, and however often it is sent it counts once."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiokafka import AIOKafkaProducer

from signalstream.models.base import Versioned
from signalstream.models.dead_letter import DeadLetter, Origin
from signalstream.models.intelligence import Analysis
from signalstream.models.messages import Message
from signalstream.models.windows import WindowCommand
from signalstream.streaming.values import decode, encode
from tests.analysts import MENDED, RAISES
from tests.chaos.ledger import Ledger, ledger
from tests.cli.command import signalstream
from tests.client import Client, Json, eventually
from tests.kafka.conftest import Deployment, client_of
from tests.kafka.test_dead_letters import key_of, newest, start_of, timeline

pytestmark = pytest.mark.kafka
NOW = datetime.now(UTC)
STAGES = ("raw", "state", "ai", "commands")


@pytest.fixture
async def deployment(on_kafka: Deployment) -> Deployment:
    worker = on_kafka.start(
        processing_attempts="1", window_seconds="2", window_grace_seconds="0", window_sweep_seconds="600"
    )
    await asyncio.to_thread(worker.wait_ready)
    return on_kafka


@pytest.fixture
async def client(deployment: Deployment, session: aiohttp.ClientSession) -> Client:
    return client_of(session, deployment.workers[0])


@pytest.fixture
async def told(deployment: Deployment) -> AsyncIterator[Ledger]:
    async with ledger(deployment.bootstrap, deployment.names) as opened:
        yield opened


async def test_a_letter_of_each_stage_enters_again_there_and_sent_twice_counts_once(
    deployment: Deployment, client: Client, told: Ledger
) -> None:
    await client.post("calm", "a calm message")
    await client.complete("calm", 1)
    for name in ("state", "ai"):
        await client.post(name, f"please {RAISES} now")
        assert (await client.complete(name, 1))["agents"]["sentiment"]["status"] == "failed"
    await client.post("commands", "a message whose window nobody closes")
    await client.complete("commands", 1)
    due = datetime.now(UTC) + timedelta(seconds=2)
    await file(deployment, "messages.raw", "raw", message("raw"))
    await file(deployment, "ai.sentiment", "ai", await mended_analysis(deployment))
    command = WindowCommand(command="close", start=start_of(await timeline(client, "commands")))
    await file(deployment, "windows.commands", "commands", command)
    ids = {letter["conversation"].split("/")[1]: letter["id"] for letter in await listed(deployment) if wanted(letter)}
    assert set(ids) == set(STAGES)
    (deployment.workers[0].data_dir / MENDED).touch()
    await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))

    await typed(deployment, "redrive", *ids.values())

    for name in ("raw", "state", "ai"):
        await eventually(lambda name=name: sentiment_of(client, name), f"the mended sentiment of {name}")
    await eventually(lambda: closed(client), "the window closed by the command")
    await settled(told)
    pictures = [await picture(client, name) for name in STAGES]
    assert [state["message_count"] for state, _, _ in pictures] == [1, 1, 1, 1]

    await typed(deployment, "redrive", *ids.values())

    await settled(told)
    assert [await picture(client, name) for name in STAGES] == pictures
    sent_back = {letter["id"] for letter in await listed(deployment) if "redriven_at" in letter}
    assert sent_back == set(ids.values())


def wanted(letter: Json) -> bool:
    # The turn of "ai" is one too: its letter is left alone, so that its analysis mends it.
    topic = letter["origin"]["topic"].rpartition(".")[2]
    return (letter["conversation"], topic) != ("demo-tenant/ai", "state")


async def file(deployment: Deployment, topic: str, conversation: str, value: Versioned) -> None:
    """File a letter of a record that no agent has seen: what is left of one whose stage had a fault."""
    letter = DeadLetter(
        reason="exhausted", detail="a fault that is mended now", stage="test", attempts=1, failed_at=NOW,
        origin=Origin(topic=deployment.topic(topic), partition=0, offset=0),
        key=base64.b64encode(key_of(conversation)), value=base64.b64encode(encode(value)),
    )  # fmt: skip
    async with AIOKafkaProducer(bootstrap_servers=deployment.bootstrap, acks="all") as producer:
        await producer.send_and_wait(deployment.topic("dlq"), encode(letter), partition=0)


async def mended_analysis(deployment: Deployment) -> Analysis:
    failed, calm = [
        decode(Analysis, (await newest(deployment, "ai.sentiment", key_of(name))).value) for name in ("ai", "calm")
    ]
    return failed.model_copy(update={"status": calm.status, "reason": None, "result": calm.result})


def message(conversation: str) -> Message:
    return Message(
        message_id=uuid.uuid4(), tenant_id="demo-tenant", conversation_id=conversation, sender="customer",
        text="a message that failed", channel="chat", written_at=NOW, received_at=NOW,
    )  # fmt: skip


async def sentiment_of(client: Client, name: str) -> bool | None:
    status, insight = await client.insights(name)
    done = status == 200 and insight["completeness"] == "complete"
    return True if done and insight["agents"]["sentiment"]["status"] == "ok" else None


async def closed(client: Client) -> bool | None:
    return True if [window["status"] for window in await timeline(client, "commands")] == ["closed"] else None


async def settled(told: Ledger) -> None:
    """Wait until nothing is on its way: all groups at the end of their topics, twice in a row."""
    quiet: list[bool] = []

    async def twice() -> bool | None:
        quiet.append(not await told.lag())
        return True if quiet[-2:] == [True, True] else None

    await eventually(twice, "every group at the end of its topics")


async def picture(client: Client, name: str) -> tuple[Any, Any, Any]:
    _, state = await client.get(f"/v1/conversations/{name}")
    _, insight = await client.insights(name)
    return state, insight, await timeline(client, name)


async def listed(deployment: Deployment) -> list[Json]:
    letters: list[Json] = json.loads(await typed(deployment, "list", "--json"))
    return letters


async def typed(deployment: Deployment, *words: str) -> str:
    worker = deployment.workers[0]
    settings = {name: value for name, value in worker.environment().items() if name.startswith("SIGNALSTREAM_")}
    done = await asyncio.to_thread(signalstream, "dlq", *words, folder=worker.data_dir, settings=settings)
    assert done.returncode == 0, done.stderr
    return done.stdout
