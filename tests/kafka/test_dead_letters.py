"""Poison of every kind on every topic that an agent reads, in one worker's life.

Each ends as a dead letter or as an analysis that says ``failed``; its neighbours of the same conversation, before and
after it, are unharmed; the same process goes on, and every group has committed past it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import aiohttp
import orjson
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition

from signalstream.core.reasons import ReasonCode, told
from signalstream.models.agents import AI_AGENTS
from signalstream.models.conversation import Turn
from signalstream.models.dead_letter import DeadLetter
from signalstream.models.intelligence import AnalysisStatus
from signalstream.models.windows import WindowCommand
from signalstream.streaming.dead_letters import MAX_LETTER_BYTES
from signalstream.streaming.values import decode, encode
from tests.analysts import ANSWERS_NONSENSE, NEVER_ANSWERS, RAISES, REFUSES
from tests.chaos.ledger import ledger
from tests.client import Client, Json, eventually
from tests.conftest import new_topic_names
from tests.kafka.broker import KafkaBroker
from tests.kafka.conftest import PARTITIONS, Deployment, client_of
from tests.kafka.direct import everything

pytestmark = pytest.mark.kafka
# Topic, the agents that read it, and the field of a well-formed value that can be made too large for a row.
TOPICS = {
    "messages.raw": (("conversation",), None),
    "conversations.state": (AI_AGENTS, None),
    "ai.sentiment": (("aggregation",), ("result", "reasoning")),
    "ai.pii": (("aggregation",), ("result", "redacted_text")),
    "ai.insights": (("aggregation",), ("result", "suggested_response")),
    "ai.summary": (("aggregation",), ("result", "tldr")),
}
LIMIT = 5
OUT_OF_ORDER = ("Traceback", "crash", "Restarting", "restarting")


class Place(NamedTuple):
    """Where a record was sent to."""

    topic: str
    partition: int
    offset: int


Filing = tuple[str, Place]  # the agent that gave up, and on what


@pytest.fixture(scope="module")
def deployment(kafka: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give a deployment with one ready worker for all tests here: each uses a conversation of its own."""
    deployment = Deployment(kafka.bootstrap, new_topic_names(), tmp_path_factory.mktemp("poison"))
    deployment.start(
        analysis_deadline_seconds="1",
        processing_attempts="2",
        window_seconds="2",
        window_grace_seconds="0",
        window_sweep_seconds="600",  # so that windows close by the commands of these tests
        dead_letter_limit=str(LIMIT),
        dead_letter_span_seconds="3600",
        commit_interval_seconds="0.5",
    ).wait_ready()
    yield deployment
    try:
        asyncio.run(nothing_is_left(deployment))
    finally:
        deployment.stop()


async def nothing_is_left(deployment: Deployment) -> None:
    """Wait until every group has committed everything that its topics hold, the poison included."""
    async with ledger(deployment.bootstrap, deployment.names) as told:

        async def level() -> bool | None:
            return None if await told.lag() else True

        await eventually(level, "every group at the end of its topics")


@pytest.fixture
async def client(deployment: Deployment, session: aiohttp.ClientSession) -> AsyncIterator[Client]:
    """Give a client; afterwards the worker must be the same process, alive, without a crash."""
    worker = deployment.workers[0]
    pid = worker.pid
    yield client_of(session, worker)
    assert worker.pid == pid
    assert (await client_of(session, worker).get("/live"))[0] == 200
    assert [
        line for line in worker.log_path.read_text().splitlines() if any(word in line for word in OUT_OF_ORDER)
    ] == []


@pytest.fixture
async def producer(deployment: Deployment) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(
        bootstrap_servers=deployment.bootstrap, acks="all", max_request_size=1_000_000
    ) as producer:
        yield producer


@pytest.mark.parametrize("topic", TOPICS)
async def test_poison_becomes_dead_letters_with_its_bytes_and_its_conversation_goes_on(
    deployment: Deployment, client: Client, producer: AIOKafkaProducer, topic: str
) -> None:
    agents, field = TOPICS[topic]
    name = f"poison-{topic}"
    await client.post(name, "a good neighbour before")
    await client.complete(name, 1)
    good = await newest(deployment, topic, key_of(name))
    if field:  # well-formed, and too large for a row; waited for, since merged with a newer analysis it would not count
        large = [(key_of(name), inflated(good.value, *field))]
        sent = await send(producer, deployment.topic(topic), good.partition, large)
        ((place, held),) = sent.items()
        assert_holds((await letters(deployment, {("aggregation", place)}))["aggregation", place], *held)
    poison = [*poison_like(good, key_of(name)), (key_of("another"), good.value)]
    sent = await send(producer, deployment.topic(topic), good.partition, poison)
    await client.post(name, "a good neighbour after")

    filed = await letters(deployment, {(agent, place) for agent in agents for place in sent})

    for (_, place), letter in filed.items():
        assert_holds(letter, *sent[place])
        assert letter.reason in {"undecodable", "unprocessable"}
        assert "a good neighbour" not in letter.detail
    insight = await client.complete(name, 2)
    assert {name: agent["status"] for name, agent in insight["agents"].items()} == dict.fromkeys(AI_AGENTS, "ok")
    _, state = await client.get(f"/v1/conversations/{name}")
    assert [message["seq"] for message in state["messages"]] == [1, 2]
    assert counts(await timeline(client, name)) == {"messages": 2, **dict.fromkeys(AI_AGENTS, 2)}


async def test_poisoned_commands_become_dead_letters_and_the_next_command_is_obeyed(
    deployment: Deployment, client: Client, producer: AIOKafkaProducer
) -> None:
    await client.post("poison-commands", "a good neighbour")
    await client.complete("poison-commands", 1)
    start = start_of(await timeline(client, "poison-commands"))
    good = await newest(deployment, "messages.raw", key_of("poison-commands"))
    command = encode(WindowCommand(command="close", start=start))
    poison = [*poison_like(good._replace(value=command), key_of("poison-commands"))]
    topic = deployment.topic("windows.commands")
    sent = await send(producer, topic, good.partition, poison)

    filed = await letters(deployment, {("aggregation", place) for place in sent})

    for (_, place), letter in filed.items():
        assert_holds(letter, *sent[place])

    async def closed() -> bool | None:
        await producer.send_and_wait(topic, command, key=key_of("poison-commands"))  # obeyed once the window is due
        (window,) = await timeline(client, "poison-commands")
        return True if window["status"] == "closed" else None

    await eventually(closed, "the window closed by the command after the poison")


@pytest.mark.parametrize(
    ("word", "code"),
    [
        (RAISES, "fault"),
        (REFUSES, "refused"),
        (NEVER_ANSWERS, "overdue"),
        (ANSWERS_NONSENSE, "bad_output"),
    ],
)
async def test_an_analyst_that_misbehaves_is_failed_and_said_so_and_its_neighbours_are_ok(
    deployment: Deployment, client: Client, word: str, code: ReasonCode
) -> None:
    name = f"moody-{word}"
    await client.post(name, "calm before")
    await client.complete(name, 1)
    await client.post(name, f"please {word} now")
    insight = await client.complete(name, 2)
    said = insight["agents"]["sentiment"]
    assert (said["status"], said["reason_code"]) == ("failed", code)
    assert said["reason"] == told(code, AnalysisStatus.FAILED)
    assert insight["agents"]["sentiment"]["based_on_seq"] == 1
    assert {insight["agents"][agent]["status"] for agent in ("pii", "insights", "summary")} == {"ok"}
    await client.post(name, "calm after")
    insight = await client.complete(name, 3)
    assert insight["agents"]["sentiment"]["status"] == "ok"
    assert counts(await timeline(client, name)) == {"messages": 3, **dict.fromkeys(AI_AGENTS, 3)}
    if word == RAISES:
        turns = await of_conversation(deployment, "conversations.state", key_of(name))
        (turn,) = (each for each in turns if decode(Turn, each.value).seq == 2)
        (letter,) = (await letters(deployment, {("sentiment", turn.place)})).values()
        assert (letter.reason, letter.attempts, letter.value) == ("exhausted", 2, turn.value)
        assert RAISES not in letter.detail


async def test_many_dead_letters_make_health_degraded_and_say_where_and_the_worker_stays_ready(
    deployment: Deployment, client: Client, producer: AIOKafkaProducer
) -> None:
    topic = deployment.topic("messages.raw")
    sent = await send(producer, topic, 0, [(b"demo-tenant/storm", b"garbage")] * (LIMIT + 1))
    await letters(deployment, {("conversation", place) for place in sent})
    status, health = await client.get("/health")
    part = health["parts"]["dead letters"]
    assert (status, health["status"], part["status"]) == (200, "degraded", "too many")
    assert part["letters"] > part["limit"] == LIMIT
    assert part["by_stage"]["conversation"] > LIMIT
    assert part["by_reason"]["undecodable"] > LIMIT
    assert "signalstream dlq list" in part["reason"]
    assert [(await client.get(path))[0] for path in ("/ready", "/live")] == [200, 200]


class Record(NamedTuple):
    """A record of a topic."""

    place: Place
    key: bytes | None
    value: bytes

    @property
    def partition(self) -> int:
        return self.place.partition


def key_of(conversation: str) -> bytes:
    return f"demo-tenant/{conversation}".encode()


def poison_like(good: Record, key: bytes) -> list[tuple[bytes | None, bytes | None]]:
    return [
        (key, b"\xff\xfe not json"),
        (key, b'{"valid": "json", "wrong": "shape"}'),
        (key, good.value.replace(b'"v":1', b'"v":2', 1)),
        (key, b"[" + b"1," * 450_000 + b"1]"),
        (key, None),
        (b"no-tenant", good.value),
        (None, good.value),
    ]


def inflated(value: bytes, *path: str) -> bytes:
    """Return a value whose field at ``path`` is 900 KB long."""
    read: Any = orjson.loads(value)
    inner = read
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = "x" * 900_000
    return orjson.dumps(read)


async def send(
    producer: AIOKafkaProducer, topic: str, partition: int, records: list[tuple[bytes | None, bytes | None]]
) -> dict[Place, tuple[bytes | None, bytes | None]]:
    """Send records to one partition, in order; return them by their places."""
    sent = {}
    for key, value in records:
        done = await producer.send_and_wait(topic, value, key=key, partition=partition)
        sent[Place(done.topic, done.partition, done.offset)] = (key, value)
    return sent


async def records(deployment: Deployment, topic: str) -> list[ConsumerRecord]:
    """Return what a topic holds now, in the order of each partition."""
    partitions = [TopicPartition(deployment.topic(topic), number) for number in range(PARTITIONS)]
    return await everything(deployment.bootstrap, partitions)


async def of_conversation(deployment: Deployment, topic: str, key: bytes) -> list[Record]:
    """Return a topic's records of a conversation, oldest first."""
    found = [each for each in await records(deployment, topic) if each.key == key]
    return [Record(Place(each.topic, each.partition, each.offset), key, each.value) for each in found]


async def newest(deployment: Deployment, topic: str, key: bytes) -> Record:
    """Return a topic's newest record of a conversation."""
    return (await of_conversation(deployment, topic, key))[-1]


async def letters(deployment: Deployment, wanted: set[Filing]) -> dict[Filing, DeadLetter]:
    """Wait until there is a letter of each wanted agent about each wanted place; fail if one is there twice."""

    async def filed() -> dict[Filing, DeadLetter] | None:
        found = [decode(DeadLetter, each.value) for each in await records(deployment, "dlq")]
        named = [((each.stage, Place(*each.origin.model_dump(exclude={"v"}).values())), each) for each in found]
        ours = [(filing, letter) for filing, letter in named if filing in wanted]
        assert len(ours) == len({filing for filing, _ in ours})
        return dict(ours) if len(ours) == len(wanted) else None

    there: dict[Filing, DeadLetter] = await eventually(filed, f"{len(wanted)} dead letters", seconds=30)
    return there


def assert_holds(letter: DeadLetter, key: bytes | None, value: bytes | None) -> None:
    assert letter.key == key
    if value is None or len(value) <= MAX_LETTER_BYTES:
        assert (letter.value, letter.whole) == (value, None)
    else:
        assert letter.value == value[:MAX_LETTER_BYTES]
        assert letter.whole is not None
        assert (letter.whole.size, letter.whole.sha256) == (len(value), hashlib.sha256(value).hexdigest())


async def timeline(client: Client, name: str) -> list[Json]:
    _, answer = await client.get(f"/v1/conversations/{name}/timeline")
    windows: list[Json] = answer["windows"]
    return windows


def start_of(windows: list[Json]) -> int:
    return int(datetime.fromisoformat(windows[0]["start"]).timestamp())


def counts(windows: list[Json]) -> dict[str, int]:
    analyses = {agent: sum(window["analyses"].get(agent, 0) for window in windows) for agent in AI_AGENTS}
    return {"messages": sum(window["message_count"] for window in windows), **analyses}
