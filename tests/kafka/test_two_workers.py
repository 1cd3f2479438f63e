"""Two workers share a deployment on Apache Kafka: any conversation is readable from both, live from both."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.client import eventually, updates_until
from tests.kafka.conftest import Deployment, client_of
from tests.workers import Worker

pytestmark = pytest.mark.kafka
CONVERSATIONS = [f"conversation-{number}" for number in range(12)]


@pytest.fixture
async def two(on_kafka: Deployment) -> list[Worker]:
    first = on_kafka.start()
    await asyncio.to_thread(first.wait_ready)
    second = on_kafka.start()
    await asyncio.to_thread(second.wait_ready)
    await asyncio.to_thread(first.wait_ready)
    return [first, second]


async def test_any_conversation_is_readable_from_both(two: list[Worker], session: aiohttp.ClientSession) -> None:
    clients = [client_of(session, worker) for worker in two]
    for number, conversation in enumerate(CONVERSATIONS):
        status, _ = await clients[number % 2].post(conversation, "where is my order 4711?")
        assert status == 202
    for conversation in CONVERSATIONS:
        pictures = [await client.complete(conversation, 1) for client in clients]
        assert pictures[0] == pictures[1]
        for path in (f"/v1/conversations/{conversation}", f"/v1/conversations/{conversation}/timeline"):
            answers = [await client.get(path) for client in clients]
            assert answers[0] == answers[1]
            assert answers[0][0] == 200


async def test_a_socket_on_either_worker_sees_every_conversation(
    two: list[Worker], session: aiohttp.ClientSession
) -> None:
    clients = [client_of(session, worker) for worker in two]
    for conversation in CONVERSATIONS[:4]:
        async with clients[0].listen(conversation) as one, clients[1].listen(conversation) as other:
            await clients[0].post(conversation, "hello")
            frames = [await updates_until(socket, 1) for socket in (one, other)]
        assert frames[0][-1] == frames[1][-1]


async def test_a_reader_that_comes_back_with_the_last_id_is_told_only_what_is_new(
    two: list[Worker], session: aiohttp.ClientSession
) -> None:
    clients = [client_of(session, worker) for worker in two]
    await clients[0].post("resumed", "hello")
    async with clients[0].listen("resumed") as socket:
        last = (await updates_until(socket, 1))[-1]["id"]
    async with clients[1].listen("resumed", f"?last_event_id={last}") as socket:
        assert (await socket.receive_json())["type"] == "connected"
        await socket.send_str("ping")
        assert (await socket.receive_json())["type"] == "pong"
        await clients[1].post("resumed", "are you there?")
        frames = await updates_until(socket, 2)
    assert all(int(frame["id"]) > int(last) for frame in frames)


async def test_the_survivor_answers_for_everything_after_a_clean_stop(
    two: list[Worker], session: aiohttp.ClientSession
) -> None:
    survivor = client_of(session, two[0])
    for conversation in CONVERSATIONS:
        await survivor.post(conversation, "before")
        await survivor.complete(conversation, 1)
    assert await asyncio.to_thread(two[1].terminate) == 0
    for conversation in CONVERSATIONS:
        status, _ = await survivor.post(conversation, "after")
        assert status == 202
    for conversation in CONVERSATIONS:

        async def both(name: str = conversation) -> int | None:
            status, state = await survivor.get(f"/v1/conversations/{name}")
            assert status in {200, 503}
            return state["message_count"] if status == 200 and state["message_count"] == 2 else None

        assert await eventually(both, f"both messages of {conversation}") == 2
