"""What cannot be processed is put aside with its reason, its neighbours go on, and it can be sent again."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from signalstream.models.dead_letter import DeadLetter
from signalstream.models.messages import Message
from signalstream.streaming.values import decode, encode
from tests.analysts import ANSWERS_NONSENSE, NEVER_ANSWERS, RAISES, REFUSES
from tests.cli.command import COMMAND
from tests.client import eventually
from tests.kafka.conftest import Deployment, client_of

pytestmark = pytest.mark.kafka
KEY = b"demo-tenant/poison"


@pytest.fixture
async def deployment(on_kafka: Deployment) -> Deployment:
    worker = on_kafka.start(analysis_deadline_seconds="1", processing_attempts="2")
    await asyncio.to_thread(worker.wait_ready)
    return on_kafka


@pytest.fixture
async def producer(deployment: Deployment) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(
        bootstrap_servers=deployment.bootstrap, acks="all", max_request_size=1_000_000
    ) as producer:
        yield producer


async def letters(deployment: Deployment, count: int) -> list[DeadLetter]:
    found: list[DeadLetter] = []
    async with (
        AIOKafkaConsumer(
            deployment.topic("dlq"), bootstrap_servers=deployment.bootstrap, auto_offset_reset="earliest"
        ) as consumer,
        asyncio.timeout(20),
    ):
        while len(found) < count:
            found.append(decode(DeadLetter, (await consumer.getone()).value))
    return found


async def test_poison_becomes_dead_letters_with_its_bytes_and_neighbours_are_unharmed(
    deployment: Deployment, producer: AIOKafkaProducer, session: aiohttp.ClientSession
) -> None:
    good = message("poison", "a good neighbour")
    poison: list[tuple[bytes | None, bytes | None]] = [
        (KEY, b"\xff\xfe not json"),
        (KEY, b'{"valid": "json", "wrong": "shape"}'),
        (KEY, encode(good).replace(b'"v":1', b'"v":2')),
        (KEY, b"[" + b"1," * 450_000 + b"1]"),
        (KEY, None),
        (b"no-tenant", encode(good)),
        (None, encode(good)),
        (b"demo-tenant/another", encode(good)),
    ]
    for key, value in poison:
        await producer.send_and_wait(deployment.topic("messages.raw"), value, key=key)
    await producer.send_and_wait(deployment.topic("messages.raw"), encode(good), key=KEY)
    await producer.send_and_wait(deployment.topic("conversations.state"), b"{}", key=KEY)
    await producer.send_and_wait(deployment.topic("ai.sentiment"), b"nonsense", key=KEY)
    found = await letters(deployment, len(poison) + 4 + 1)
    assert sorted({letter.stage for letter in found}) == [
        "aggregation",
        "conversation",
        "insights",
        "pii",
        "sentiment",
        "summary",
    ]
    assert {letter.reason for letter in found} == {"undecodable", "unprocessable"}
    raw = {(letter.key, letter.value) for letter in found if letter.stage == "conversation"}
    short = {(key, value) for key, value in poison if value is None or len(value) < 600_000}
    assert short <= raw
    insight = await client_of(session, deployment.workers[0]).complete("poison", 1)
    assert insight["last_seq"] == 1


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (RAISES, "ZeroDivisionError"),
        (REFUSES, "AnalystRefusedError"),
        (NEVER_ANSWERS, "no answer within 1 s"),
        (ANSWERS_NONSENSE, "AnalystBadOutputError"),
    ],
)
async def test_an_analyst_that_misbehaves_is_failed_and_said_so_and_the_other_three_are_ok(
    deployment: Deployment, session: aiohttp.ClientSession, word: str, reason: str
) -> None:
    client = client_of(session, deployment.workers[0])
    await client.post("moody", f"please {word} now")
    await client.post("calm", "a neighbour")
    insight = await client.complete("moody", 1)
    assert insight["agents"]["sentiment"]["status"] == "failed"
    assert reason in insight["agents"]["sentiment"]["reason"]
    assert insight["sentiment"] is None
    assert {insight["agents"][name]["status"] for name in ("pii", "insights", "summary")} == {"ok"}
    assert (await client.complete("calm", 1))["agents"]["sentiment"]["status"] == "ok"
    if word == RAISES:
        (letter,) = await letters(deployment, 1)
        assert (letter.stage, letter.reason, letter.attempts) == ("sentiment", "exhausted", 2)
        assert RAISES not in letter.detail


async def test_a_redriven_letter_enters_again_at_its_stage_and_counts_once(
    deployment: Deployment, session: aiohttp.ClientSession
) -> None:
    client = client_of(session, deployment.workers[0])
    await client.post("again", f"please {RAISES} now")
    await client.complete("again", 1)
    await letters(deployment, 1)
    listed = json.loads(await command(deployment, "dlq", "list", "--json"))
    assert [letter["stage"] for letter in listed] == ["sentiment"]
    output = await command(deployment, "dlq", "redrive", "--all")
    assert listed[0]["id"] in output

    async def second() -> list[Any] | None:
        found = json.loads(await command(deployment, "dlq", "list", "--json"))
        return found if len(found) == 2 else None

    await eventually(second, "the letter's second failure", seconds=30)
    _, state = await client.get("/v1/conversations/again")
    assert state["message_count"] == 1


def message(conversation_id: str, text: str) -> Message:
    now = datetime.now(UTC)
    return Message(
        message_id=uuid.uuid4(),
        tenant_id="demo-tenant",
        conversation_id=conversation_id,
        sender="customer",
        text=text,
        channel="chat",
        written_at=now,
        received_at=now,
    )


async def command(deployment: Deployment, *words: str) -> str:
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        *words,
        env=deployment.workers[0].environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()
