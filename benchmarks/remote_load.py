"""The load of the remote model's rows, a process of its own: ``python -m benchmarks.remote_load SPEC RESULT``.

Open loop, as in ``load``: message k is due at start + k / rate. What became of it is read from the topics afterwards,
so that nothing is read while it is measured.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from aiokafka import AIOKafkaProducer

from benchmarks.load import REQUEST_SECONDS, post_warm_up
from benchmarks.workload import text_of
from signalstream.core.keys import ConversationKey
from signalstream.models.base import Model
from signalstream.models.messages import Channel, Message, Sender
from signalstream.streaming.values import encode

Submit = Callable[[int], Awaitable[str]]


class RemoteLoad(Model):
    """What to send and where: by POST, in turn to the ``urls``, or straight into ``raw_topic`` when there is one.

    Messages are dealt in turn to tenants and to conversations.
    """

    urls: tuple[str, ...]
    brokers: str
    raw_topic: str | None
    per_minute: float
    seconds: float
    tenants: int
    conversations: int


class Post(Model):
    """One message: its id, when it was due (seconds since 1970), and the milliseconds from then until it was accepted.

    ``late_ms`` is what the generator itself was late.
    """

    message_id: str
    due: float
    late_ms: float
    accepted_ms: float


class Posts(Model):
    """Every accepted message in the order of acceptance, and why others were not."""

    accepted: tuple[Post, ...]
    failures: tuple[str, ...]


def body_of(load: RemoteLoad, number: int) -> dict[str, str]:
    """Return message ``number``. No two texts are the same: what is remembered of a text is of no use for the next."""
    conversation = number % load.conversations
    return {
        "tenant_id": f"bench-{conversation % load.tenants}",
        "conversation_id": f"remote-{conversation}",
        "sender": "customer",
        "message": f"{text_of(number)} This is about parcel {number}.",
    }


async def run(load: RemoteLoad) -> Posts:
    """Send everything."""
    accepted: list[Post] = []
    failures: list[str] = []
    loop = asyncio.get_running_loop()
    async with _by_http(load) if load.raw_topic is None else _by_kafka(load, load.raw_topic) as submit:

        async def send(number: int, due: float) -> None:
            late = 1000 * (loop.time() - due)
            try:
                async with asyncio.timeout(REQUEST_SECONDS):
                    name = await submit(number)
            except Exception as error:  # noqa: BLE001 - whatever it is, the request failed and the run goes on and says so
                failures.append(f"{type(error).__name__}: {error}")
            else:
                taken = 1000 * (loop.time() - due)
                accepted.append(Post(message_id=name, due=since_1970 + due, late_ms=late, accepted_ms=taken))

        since_1970 = time.time() - loop.time()
        await _open_loop(load, send)
    return Posts(accepted=tuple(accepted), failures=tuple(failures))


@asynccontextmanager
async def _by_http(load: RemoteLoad) -> AsyncIterator[Submit]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def post(number: int) -> str:
            url = load.urls[number % len(load.urls)]
            async with session.post(f"{url}/v1/messages", json=body_of(load, number)) as answer:
                if answer.status != 202:
                    raise RuntimeError(f"POST /v1/messages answered {answer.status}")
                return str((await answer.json())["message_id"])

        for url in load.urls:
            async with aiohttp.ClientSession(url) as warm:
                await post_warm_up(warm)
        yield post


@asynccontextmanager
async def _by_kafka(load: RemoteLoad, raw_topic: str) -> AsyncIterator[Submit]:
    async with AIOKafkaProducer(bootstrap_servers=load.brokers, acks="all", linger_ms=5) as producer:

        async def produce(number: int) -> str:
            message = message_of(load, number)
            key = ConversationKey(message.tenant_id, message.conversation_id).encode()
            await producer.send_and_wait(raw_topic, encode(message), key=key)
            return str(message.message_id)

        yield produce


def message_of(load: RemoteLoad, number: int) -> Message:
    """Return message ``number`` as a web process would produce it."""
    body, now = body_of(load, number), datetime.now(UTC)
    return Message(
        message_id=uuid4(),
        tenant_id=body["tenant_id"],
        conversation_id=body["conversation_id"],
        sender=Sender(body["sender"]),
        text=body["message"],
        channel=Channel.CHAT,
        written_at=now,
        received_at=now,
    )


async def _open_loop(load: RemoteLoad, send: Callable[[int, float], Coroutine[Any, Any, None]]) -> None:
    loop = asyncio.get_running_loop()
    start, rate = loop.time() + 0.5, load.per_minute / 60
    async with asyncio.TaskGroup() as requests:
        for number in range(int(load.seconds * rate)):
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            requests.create_task(send(number, due))


def main(spec_path: str, result_path: str) -> None:
    """Read the specification, run, write what was posted."""
    load = RemoteLoad.model_validate_json(Path(spec_path).read_bytes())
    Path(result_path).write_text(asyncio.run(run(load)).model_dump_json())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
