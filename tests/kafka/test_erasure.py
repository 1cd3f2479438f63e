"""Erasure on Apache Kafka: whatever is going on, an erased conversation is gone from every worker and stays gone."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing

import aiohttp
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from rocksdict import Options, Rdict

from tests.cli.command import signalstream
from tests.client import Client, Json, eventually
from tests.kafka.broker import KafkaBroker
from tests.kafka.conftest import PARTITIONS, Deployment, client_of
from tests.kafka.direct import administering, everything
from tests.workers import Worker

pytestmark = pytest.mark.kafka
ERASED = 4411
TABLES = ("conversations", "insights", "windows", "erasures")
OFTEN = {
    "cleanup.policy": "compact",
    "segment.ms": "200",
    "max.compaction.lag.ms": "200",
    "min.cleanable.dirty.ratio": "0.001",
}
OFTEN |= {"delete.retention.ms": "0", "file.delete.delay.ms": "0"}
WORDS = {"quiet": "zirconium", "crashed": "marmalade", "neighbour": "periwinkle"}


async def test_an_erased_conversation_is_gone_everywhere_and_neither_a_crash_nor_a_rebuild_brings_it_back(
    on_kafka: Deployment, kafka: KafkaBroker, session: aiohttp.ClientSession
) -> None:
    workers = await ready(on_kafka, 2, erased_files_seconds="0.5")
    clients = [client_of(session, each) for each in workers]
    for number in range(3):
        for name, word in WORDS.items():
            text = f"my {word} order {number} is late"
            assert (await clients[number % 2].post(name, text))[0] == 202
    for name in WORDS:
        await clients[0].complete(name, 3)
    assert await words_in_files(*workers) == set(WORDS.values())

    began = await erase_while_messages_keep_coming(clients)
    receipt = await erase_by_command(on_kafka, "quiet")
    await erase(clients[0], "crashed")
    workers[1].kill()  # in the middle of it, or before, or after
    assert (await clients[0].post("crashed", "hello again"))[0] == 202
    await eventually(lambda: begun_anew(clients[0], "crashed"), "the new beginning, analysed", 30)
    assert await shown(clients[0], "crashed") == ["hello again"]
    done = await eventually(lambda: removed(clients[0], receipt), "a receipt that says that it is gone", 30)
    assert {each["removed"] for each in done["removed"]} == {True}
    assert (await clients[0].insights("quiet"))[0] == 404

    neighbour = await clients[0].complete("neighbour", 3)
    await eventually(lambda: only_the_neighbour(workers[0]), "the bytes of erased rows gone from the files", 20)
    assert await asyncio.to_thread(workers[0].terminate) == 0
    assert await only_the_neighbour(workers[0])
    workers[0].start()  # the same disk, and nothing but the changelogs and marks to know it from
    await asyncio.to_thread(workers[0].wait_ready)
    await gone_but_for(clients[0], begun=began, neighbour=neighbour, receipt=receipt)

    await compacted(on_kafka, [b"demo-tenant/quiet"])
    for worker in workers:
        await asyncio.to_thread(worker.terminate)
    rebuilt = await asyncio.to_thread(signalstream, "rebuild", folder=on_kafka.directory, settings=settings(on_kafka))
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    [worker] = await ready(on_kafka, 1, app_version="2")
    await gone_but_for(client_of(session, worker), begun=began, neighbour=neighbour, receipt=receipt)
    assert await asyncio.to_thread(worker.terminate) == 0
    for each in (workers[0], worker):  # the one that served it, and one that read the changelogs
        assert rows(each, "demo-tenant/quiet") == {"erasures"}
        assert rows(each, "demo-tenant/neighbour") == set(TABLES) - {"erasures"}


async def gone_but_for(client: Client, *, begun: list[str], neighbour: Json, receipt: Json) -> None:
    """Read all that was erased, what began anew after it, and what nobody erased."""
    for path in ("", "/insights", "/timeline"):
        assert (await client.get(f"/v1/conversations/quiet{path}"))[0] == 404
    assert await shown(client, "busy") == begun
    assert await shown(client, "crashed") == ["hello again"]
    assert (await client.insights("crashed"))[1]["last_seq"] == 1
    assert (await client.insights("neighbour"))[1] == neighbour
    told = await removed(client, receipt)
    assert told is not None
    assert told["receipt_id"] == receipt["receipt_id"]


async def words_in_files(*workers: Worker) -> set[str]:
    """Return which of the words workers' tables hold on disk, in the clear as they are here."""
    paths = [path for worker in workers for path in worker.data_dir.rglob("*.db/*") if path.suffix in {".sst", ".log"}]
    contents = await asyncio.to_thread(lambda: b"".join(path.read_bytes() for path in paths if path.exists()))
    return {word for word in WORDS.values() if word.encode() in contents}


async def only_the_neighbour(worker: Worker) -> bool | None:
    return True if await words_in_files(worker) == {WORDS["neighbour"]} else None


async def erase_while_messages_keep_coming(clients: list[Client]) -> list[str]:
    """Erase a conversation that both workers take messages of; return what is left of it."""
    posted: list[str] = []
    asked = asyncio.Event()

    async def post_steadily() -> None:
        after = 0
        while after < 10:
            after += asked.is_set()
            text = f"message {len(posted)}"
            assert (await clients[len(posted) % 2].post("busy", text))[0] == 202
            posted.append(text)

    async with clients[0].listen("busy") as one, clients[1].listen("busy") as other:
        listening = [asyncio.create_task(last_frame(socket)) for socket in (one, other)]
        posting = asyncio.create_task(post_steadily())
        while len(posted) < 10:
            await asyncio.sleep(0.01)
        before = len(posted)
        await erase(clients[1], "busy")
        surely = len(posted) + 1  # one may have been on its way
        asked.set()
        assert await asyncio.gather(*listening) == ["erased", "erased"]
        await posting
    insight = await eventually(lambda: settled(clients[0], "busy", posted), "the new beginning, analysed")
    left = await shown(clients[0], "busy")
    assert left == posted[-insight["last_seq"] :]
    assert not set(posted[:before]) & set(left)
    assert set(posted[surely:]) <= set(left)
    assert [await shown(client, "busy") for client in clients] == [left, left]
    return left


async def settled(client: Client, name: str, posted: list[str]) -> Json | None:
    """Return the insight once the newest message has its number and every answer."""
    left = await shown(client, name)
    status, insight = await client.insights(name)
    is_whole = status == 200 and insight["completeness"] == "complete" and insight["last_seq"] == len(left)
    return insight if left[-1:] == posted[-1:] and is_whole else None


async def shown(client: Client, name: str) -> list[str]:
    status, state = await client.get(f"/v1/conversations/{name}")
    if status == 404:
        return []
    assert [each["seq"] for each in state["messages"]] == list(range(1, state["last_seq"] + 1))
    return [each["text"] for each in state["messages"]]


async def last_frame(socket: aiohttp.ClientWebSocketResponse) -> str:
    async with asyncio.timeout(20):
        kinds = [each.json()["type"] async for each in socket]
    assert (socket.close_code, kinds[-1]) == (ERASED, "erased"), kinds
    return str(kinds[-1])


async def erase(client: Client, name: str) -> Json:
    async with client.session.delete(f"{client.url}/v1/conversations/{name}") as answer:
        receipt: Json = await answer.json()
        assert answer.status == 202, receipt
        return receipt


async def erase_by_command(deployment: Deployment, name: str) -> Json:
    words = ("erase", name, "--tenant", "demo-tenant", "--json")
    ended = await asyncio.to_thread(signalstream, *words, folder=deployment.directory, settings=settings(deployment))
    assert ended.returncode == 0, ended.stderr
    receipt: Json = json.loads(ended.stdout)
    return receipt


async def begun_anew(client: Client, name: str) -> Json | None:
    status, insight = await client.insights(name)
    is_new = status == 200 and (insight["last_seq"], insight["completeness"]) == (1, "complete")
    return insight if is_new else None


async def removed(client: Client, receipt: Json) -> Json | None:
    status, told = await client.get(f"/v1/erasures/{receipt['receipt_id']}")
    return told if (status, told.get("status")) == (200, "removed") else None


async def ready(deployment: Deployment, count: int, **more: str) -> list[Worker]:
    workers = [deployment.start(**more) for _ in range(count)]
    for worker in workers:
        await asyncio.to_thread(worker.wait_ready)
    return workers


def settings(deployment: Deployment) -> dict[str, str]:
    return {
        **deployment.names.environment(),
        "SIGNALSTREAM_KAFKA_BROKERS": deployment.bootstrap,
        "SIGNALSTREAM_PARTITIONS": str(PARTITIONS),
        "SIGNALSTREAM_ENCRYPTION": "off",
    }


async def compacted(deployment: Deployment, keys: list[bytes]) -> None:
    """Let the broker clean the changelogs as it would within two days, and wait until no row of the keys is left."""
    names = [f"{deployment.names.app_id}-{table}-changelog" for table in TABLES[:3]]
    places = [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
    async with administering(deployment.bootstrap) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=OFTEN) for name in names])

    async def gone() -> bool | None:
        async with AIOKafkaProducer(bootstrap_servers=deployment.bootstrap) as producer:
            for place in places:  # a new segment: the one that is written to is never cleaned
                await producer.send_and_wait(place.topic, None, key=b"nudge", partition=place.partition)
        rows = await everything(deployment.bootstrap, places)
        return True if not [each for each in rows if each.value and each.key.startswith(tuple(keys))] else None

    await eventually(gone, "changelogs without the erased rows", 30)


def rows(worker: Worker, key: str) -> set[str]:
    """Return the tables that have a row of a conversation on a worker's disk."""
    found = set()
    for table in TABLES:
        for path in worker.data_dir.rglob(f"{table}-*.db"):
            with closing(Rdict(str(path), options=Options(raw_mode=True))) as store:
                found |= {table for each, _ in store.items() if bytes(each).startswith(key.encode())}
    return found
