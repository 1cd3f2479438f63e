"""The load generator, a process of its own: ``python -m benchmarks.load SPEC RESULT`` (two paths of JSON files).

Open loop: request k is due at start + k / rate, whether or not those before it were answered.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from aiokafka import AIOKafkaProducer

from benchmarks import outputs, workload
from benchmarks.journal import Journal
from benchmarks.tail import outputs_from_now
from signalstream.models.base import Model

SETTLE_SECONDS = 20.0
REQUEST_SECONDS = 10.0
Submit = Callable[[int], Awaitable[None]]


class LoadSpec(Model):
    """What to send and where. With ``url`` by POST, seen by WebSocket; without by producer, seen by consumer."""

    url: str | None
    brokers: str
    raw_topic: str
    output_topic: str
    name: str
    rate: float
    requests: int
    conversations: int
    credential: str | None = None


async def run(spec: LoadSpec) -> Journal:
    """Run the load and wait for its last complete output (20 s at most)."""
    journal = Journal(spec.name, spec.conversations)
    async with _by_http(spec, journal) if spec.url else _by_kafka(spec, journal) as submit:
        await _open_loop(spec, journal, submit)
        journal.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                await journal.all_covered.wait()
    return journal


async def _open_loop(spec: LoadSpec, journal: Journal, submit: Submit) -> None:
    loop = asyncio.get_running_loop()
    start = loop.time() + 0.5
    async with asyncio.TaskGroup() as requests:
        for number in range(spec.requests):
            due = start + number / spec.rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            journal.due.append(due)
            journal.started.append(loop.time())
            requests.create_task(_request(journal, number, submit))


async def _request(journal: Journal, number: int, submit: Submit) -> None:
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            await submit(number)
    except Exception as error:  # noqa: BLE001 - whatever it is, the request failed and the run goes on and says so
        journal.failures.append(f"{type(error).__name__}: {error}")
    else:
        journal.accepted[number] = asyncio.get_running_loop().time()


@asynccontextmanager
async def _by_http(spec: LoadSpec, journal: Journal) -> AsyncIterator[Submit]:
    headers = {"Authorization": f"Bearer {spec.credential}"} if spec.credential else {}
    async with aiohttp.ClientSession(spec.url, connector=aiohttp.TCPConnector(limit=0), headers=headers) as session:

        async def post(number: int) -> None:
            body = {
                "conversation_id": journal.conversation(number),
                "sender": "customer",
                "message": workload.text_of(number),
            }
            async with session.post("/v1/messages", json=body) as answer:
                if answer.status != 202:
                    raise RuntimeError(f"POST /v1/messages answered {answer.status}")
                await answer.read()

        async with asyncio.TaskGroup() as watchers:
            ready = [asyncio.Event() for _ in range(spec.conversations)]
            tasks = [
                watchers.create_task(_watch_socket(session, name, journal, opened))
                for name, opened in zip(journal.names(), ready, strict=True)
            ]
            await asyncio.wait_for(asyncio.gather(*(opened.wait() for opened in ready)), REQUEST_SECONDS)
            await post_warm_up(session)
            yield post
            for task in tasks:
                task.cancel()


async def post_warm_up(session: aiohttp.ClientSession) -> None:
    """Open the connections that the run will use, with requests that change nothing."""
    for _ in range(5):
        async with session.get("/live") as answer:
            await answer.read()


async def _watch_socket(session: aiohttp.ClientSession, name: str, journal: Journal, opened: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    async with session.ws_connect(f"/ws/conversations/{name}/stream") as socket:
        opened.set()
        async for frame in socket:
            found = outputs.of_frame(frame.data)
            if found is not None:
                journal.cover(*found, loop.time())


@asynccontextmanager
async def _by_kafka(spec: LoadSpec, journal: Journal) -> AsyncIterator[Submit]:
    load = workload.load(spec.name, spec.requests, spec.conversations, datetime.now(UTC))
    records = load.records()
    async with (
        AIOKafkaProducer(bootstrap_servers=spec.brokers, acks="all", linger_ms=0) as producer,
        outputs_from_now(spec.brokers, spec.output_topic) as consumer,
        asyncio.TaskGroup() as watchers,
    ):

        async def produce(number: int) -> None:
            key, value = records[number]
            await producer.send_and_wait(spec.raw_topic, value, key=key)

        async def watch() -> None:
            async for record in consumer:
                journal.cover(*outputs.of_bare(record.value), asyncio.get_running_loop().time())

        task = watchers.create_task(watch())
        yield produce
        task.cancel()


def main(spec_path: str, result_path: str) -> None:
    """Read the specification, run, write the samples."""
    spec = LoadSpec.model_validate_json(Path(spec_path).read_bytes())
    journal = asyncio.run(run(spec))
    Path(result_path).write_text(journal.samples().model_dump_json())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
