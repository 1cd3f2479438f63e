"""Encryption at rest on Apache Kafka: what lies on the brokers and the disks tells nothing, and can be taken away."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition

from signalstream.core.clock import SystemClock
from signalstream.core.sealing import NOBODY, is_sealed, owner_of
from signalstream.errors import SealedError
from signalstream.security.ciphers import Waits
from signalstream.security.master_keys import master_key_source, new_master_key
from signalstream.security.vault import Vault
from signalstream.settings import Settings
from tests.analysts import MENDED, RAISES
from tests.cli.command import assert_one_line, signalstream
from tests.client import Client, Json, eventually
from tests.kafka.broker import KafkaBroker
from tests.kafka.conftest import PARTITIONS, Deployment, client_of
from tests.kafka.direct import administering, everything
from tests.workers import Worker

pytestmark = pytest.mark.kafka
TENANT, OTHER = "demo-tenant", "neighbour"
MAIL = "jo@mail.example"
PLANTED = ("zirconium", "marmalade", "quicksilver", "periwinkle", MAIL)
FOREIGN = "tarpaulin"
IN_THE_CLEAR = {"security.keys", "security.vault"}  # hashes of API keys, wrapped keys: no values of a tenant


@pytest.fixture
def master_keys(on_kafka: Deployment, tmp_path: Path) -> Path:
    path = tmp_path / "master.key"
    path.write_text(new_master_key() + "\n")
    on_kafka.settings |= {
        "SIGNALSTREAM_ENCRYPTION": "required",
        "SIGNALSTREAM_MASTER_KEY_FILE": str(path),
        "SIGNALSTREAM_PROCESSING_ATTEMPTS": "1",
    }
    return path


async def started(deployment: Deployment, worker: Worker | None = None) -> Worker:
    if worker is None:
        worker = deployment.start()
    else:
        worker.start()
    await asyncio.to_thread(worker.wait_ready)
    return worker


def settings(deployment: Deployment) -> dict[str, str]:
    broker = {"SIGNALSTREAM_KAFKA_BROKERS": deployment.bootstrap, "SIGNALSTREAM_PARTITIONS": str(PARTITIONS)}
    return {**deployment.names.environment(), **deployment.settings, **broker}


async def typed(deployment: Deployment, *words: str) -> str:
    ended = await asyncio.to_thread(signalstream, *words, folder=deployment.directory, settings=settings(deployment))
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return ended.stdout


async def records(deployment: Deployment) -> list[ConsumerRecord]:
    """Return all that any consumer can read of the deployment's topics and changelogs."""
    async with administering(deployment.bootstrap) as admin:
        names = [name for name in await admin.list_topics() if name.startswith(tuple(vars(deployment.names).values()))]
    return await everything(
        deployment.bootstrap, [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
    )


def files(*folders: Path) -> Iterable[bytes]:
    return (path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())


def found(words: Iterable[str | bytes], contents: Iterable[bytes]) -> set[bytes]:
    wanted = [word.encode() if isinstance(word, str) else word for word in words]
    return {word for content in contents for word in wanted if word in content}


async def test_nothing_that_was_written_is_readable_on_topics_and_disks_and_all_of_it_by_the_workers(
    on_kafka: Deployment, master_keys: Path, session: aiohttp.ClientSession
) -> None:
    on_kafka.settings["SIGNALSTREAM_ORIGINALS"] = "redacted_and_sealed_original"
    worker = await started(on_kafka)
    client = client_of(session, worker)
    written = f"My {PLANTED[0]} order is late, write to {MAIL}"
    _, accepted = await client.post("c-1", written, metadata={PLANTED[1]: PLANTED[2]})
    await client.post("c-1", f"{PLANTED[3]}: {RAISES}, please")
    assert (await client.complete("c-1", 2))["agents"]["sentiment"]["status"] == "failed"
    letter = await eventually(lambda: letter_of(on_kafka, "exhausted"), "the letter of the turn that raised", 30)
    shown = await typed(on_kafka, "dlq", "show", letter["id"], "--value")
    assert PLANTED[3] in shown

    (worker.data_dir / MENDED).touch()
    assert letter["id"] in await typed(on_kafka, "dlq", "redrive", letter["id"])
    await eventually(lambda: mended(client, "c-1"), "the mended sentiment")
    foreign = await file_foreign(on_kafka)
    refused = await eventually(lambda: letter_of(on_kafka, "sealed"), "the letter of a value in the clear", 30)
    assert refused["origin"]["offset"] == foreign
    before = await picture(client, "c-1")
    _, original = await client.get(f"/v1/conversations/c-1/messages/{accepted['message_id']}/original")
    assert (original["message"], original["metadata"]) == (written, {PLANTED[1]: PLANTED[2]})
    status, filled = await client.get("/v1/conversations/c-1/insights/originals")
    assert (status, MAIL in json.dumps(filled["summary"]), MAIL in json.dumps(before)) == (200, True, False)
    assert json.loads(json.dumps(filled).replace(MAIL, "[EMAIL_1]")) == before[1][1]
    assert accepted["message_id"] in await typed(on_kafka, "audit", "show", "--json")

    kept = [each for each in await records(on_kafka) if each.value is not None]
    values = [each for each in kept if each.topic.partition(".")[2] not in IN_THE_CLEAR]
    clear = [each for each in values if not is_sealed(each.value)]
    assert [(each.topic, each.offset) for each in clear] == [(on_kafka.topic("messages.raw"), foreign)]
    assert {each.topic for each in values} >= {
        *(
            on_kafka.topic(name)
            for name in ("messages.raw", "conversations.state", "ai.summary", "ai.aggregated", "dlq")
        ),
        *(f"{on_kafka.names.app_id}-{table}-changelog" for table in ("conversations", "insights", "windows")),
    }
    assert not found(PLANTED, (each.value for each in kept))
    assert not found(PLANTED, (content for each in kept for _, content in each.headers))
    assert not found([FOREIGN], (each.value for each in values if each not in clear))
    assert await asyncio.to_thread(worker.terminate) == 0
    assert found(["demo-tenant/c-1"], files(worker.data_dir))
    assert not found([*PLANTED, FOREIGN], files(worker.data_dir))
    assert not found([*PLANTED, FOREIGN], [worker.log_path.read_bytes()])

    await started(on_kafka, worker)
    assert await picture(client, "c-1") == before
    await asyncio.to_thread(worker.terminate)
    elsewhere = await started(on_kafka)
    assert await picture(client_of(session, elsewhere), "c-1") == before


async def test_keys_are_rotated_under_traffic_and_a_destroyed_one_leaves_nothing_to_be_read(
    on_kafka: Deployment, kafka: KafkaBroker, master_keys: Path, session: aiohttp.ClientSession
) -> None:
    workers = list(await asyncio.gather(started(on_kafka), started(on_kafka)))
    clients = [client_of(session, each) for each in workers]
    first = [client.post(f"first-{n}", "hello there", tenant_id=OTHER) for n, client in enumerate(clients * 5)]
    assert {status for status, _ in await asyncio.gather(*first)} == {202}  # both workers make the tenant's key at once
    old_master = master_keys.read_text()

    posting = asyncio.create_task(post_steadily(clients))
    await asyncio.sleep(1)
    master_keys.write_text(new_master_key() + "\n" + old_master)
    assert "wrapped anew" in await typed(on_kafka, "vault", "rotate")
    master_keys.write_text(master_keys.read_text().splitlines()[0] + "\n")
    assert "version 2" in await typed(on_kafka, "vault", "rotate", "--tenant", TENANT)
    posted = await posting
    insights = [await clients[0].complete(f"busy-{n % 4}", 1 + max(range(n % 4, posted, 4)) // 4) for n in range(4)]
    assert sum(each["last_seq"] for each in insights) == posted
    assert await typed(on_kafka, "dlq", "list") == "no dead letters\n"
    listed = json.loads(await typed(on_kafka, "vault", "list", "--json"))
    assert {each["state"] for each in listed} == {"ok"}
    assert {each["version"] for each in listed if each["tenant"] == TENANT} == {1, 2}

    wrapped = await wrapped_keys(on_kafka, TENANT)
    assert await owners_that_a_master_key_opens(on_kafka, master_keys) >= {TENANT, OTHER}
    assert found(wrapped, files(kafka.directory)) == set(wrapped)
    backup = await records(on_kafka)
    async with clients[1].listen("busy-0") as socket:
        listening = asyncio.create_task(ended(socket))
        await erase_tenant(clients[0], TENANT)
        assert await listening == ("erased", 4411)
    said = await typed(on_kafka, "vault", "destroy", TENANT, "--yes")
    assert "opens nowhere" in said
    await eventually(lambda: is_gone(clients, "busy-0"), "a 404 of both workers", 5)
    status, problem = await clients[0].post("busy-0", "anyone there?")
    assert (status, problem["type"]) == (410, "urn:signalstream:problem:tenant-erased")
    for client in clients:
        assert (await client.get("/v1/conversations"))[1]["conversations"] == []
    status, insight = await clients[0].get(f"/v1/conversations/first-0/insights?tenant_id={OTHER}")
    assert (status, insight["last_seq"]) == (200, 1)

    await eventually(lambda: left_on(kafka, wrapped), "the wrapped keys gone from the broker's disk", 30)
    assert await wrapped_keys(on_kafka, TENANT) == []
    opened = await owners_that_a_master_key_opens(on_kafka, master_keys)
    assert opened == {OTHER, NOBODY}  # nobody's: the audit log
    assert TENANT not in await owners_that_a_master_key_opens(on_kafka, master_keys, backup)
    for worker in workers:
        assert await asyncio.to_thread(worker.terminate) == 0
    kept, empty = await asyncio.gather(started(on_kafka, workers[0]), started(on_kafka))
    for client in (client_of(session, kept), client_of(session, empty)):
        for name in (f"busy-{n}" for n in range(4)):
            assert (await client.insights(name))[0] == 404
        for name in (f"first-{n}" for n in range(5)):
            assert (await client.get(f"/v1/conversations/{name}/insights?tenant_id={OTHER}"))[0] == 200


async def test_a_worker_without_the_right_master_key_refuses_in_one_line_and_so_does_a_command(
    on_kafka: Deployment, master_keys: Path
) -> None:
    await typed(on_kafka, "topics", "create")
    assert "version 1" in await typed(on_kafka, "vault", "rotate", "--tenant", TENANT)
    master_keys.write_text(new_master_key())

    worker = on_kafka.start()

    assert await asyncio.to_thread(worker.wait_ended, 30) != 0
    assert "which is not here; add it to SIGNALSTREAM_MASTER_KEY_FILE" in worker.log(1)
    ended = await asyncio.to_thread(signalstream, "dlq", "list", folder=on_kafka.directory, settings=settings(on_kafka))
    assert_one_line(ended, "SIGNALSTREAM_MASTER_KEY_FILE")


async def letter_of(deployment: Deployment, reason: str) -> Json | None:
    letters = json.loads(await typed(deployment, "dlq", "list", "--json"))
    return next((each for each in letters if each["reason"] == reason), None)


async def mended(client: Client, name: str) -> bool | None:
    _, insight = await client.insights(name)
    return True if insight["agents"]["sentiment"]["status"] == "ok" else None


async def file_foreign(deployment: Deployment) -> int:
    """Write a value in the clear, as another program might; return its offset."""
    key = f"{TENANT}/c-1".encode()
    value = json.dumps({"text": FOREIGN}).encode()
    async with AIOKafkaProducer(bootstrap_servers=deployment.bootstrap, acks="all") as producer:
        done = await producer.send_and_wait(deployment.topic("messages.raw"), value, key=key)
        return int(done.offset)


async def picture(client: Client, name: str) -> list[Any]:
    paths = ("", "/insights", "/timeline")
    return [await client.get(f"/v1/conversations/{name}{path}") for path in paths]


async def post_steadily(clients: list[Client], seconds: float = 8.0) -> int:
    """Post until the time is up, in turn to all and into four conversations; return how many were accepted."""
    loop = asyncio.get_running_loop()
    until, count = loop.time() + seconds, 0
    while loop.time() < until:
        status, answer = await clients[count % len(clients)].post(f"busy-{count % 4}", f"message {count}")
        assert status == 202, answer
        count += 1
        await asyncio.sleep(0.05)
    return count


async def wrapped_keys(deployment: Deployment, tenant: str) -> list[bytes]:
    """Return every wrapped key of a tenant that the topic gives out, replaced ones too, as it stands there."""
    prefix, topic = f"key/{tenant}/".encode(), deployment.topic("security.vault")
    rows = await everything(deployment.bootstrap, [TopicPartition(topic, number) for number in range(PARTITIONS)])
    values = [each.value for each in rows if each.value and each.key.startswith(prefix)]
    return [match[1] for value in values if (match := re.search(rb'"wrapped":"([^"\\]{40})', value))]


async def is_gone(clients: list[Client], name: str) -> bool | None:
    return True if {(await client.insights(name))[0] for client in clients} == {404} else None


async def left_on(kafka: KafkaBroker, wrapped: list[bytes]) -> bool | None:
    return True if not await asyncio.to_thread(lambda: found(wrapped, files(kafka.directory))) else None


async def erase_tenant(client: Client, tenant: str) -> None:
    """Erase a tenant by the API, and wait until its receipt says that no broker has its keys any more."""
    async with client.session.delete(f"{client.url}/v1/tenants/{tenant}") as answer:
        receipt = await answer.json()
        assert answer.status == 202, receipt

    async def gone() -> bool | None:
        status, told = await client.get(f"/v1/erasures/{receipt['receipt_id']}?tenant_id={tenant}")
        assert (status, told["conversation_id"]) == (200, None)
        return True if told["status"] == "removed" else None

    await eventually(gone, "a receipt that says that no broker has the keys", 60)


async def ended(socket: aiohttp.ClientWebSocketResponse) -> tuple[str, int | None]:
    kinds = [each.json()["type"] async for each in socket]
    return kinds[-1], socket.close_code


async def owners_that_a_master_key_opens(
    deployment: Deployment, master_keys: Path, backup: list[ConsumerRecord] | None = None
) -> set[str]:
    """Return whose values open for someone who has the master key and believes no word of a destruction.

    Of a ``backup`` the values are tried, with the keys that the broker gives out now.
    """
    kept = await records(deployment)
    load = master_key_source(Settings(_env_file=None, master_key_file=master_keys))
    thief = Vault(load, _writes_nothing, lambda: 0.0, SystemClock(), waits=Waits(unknown=0))
    for each in kept:
        if each.value and each.topic == deployment.topic("security.vault") and each.key.startswith(b"key/"):
            thief.apply(each.key, each.value)
    sealed = [each for each in backup or kept if each.value and is_sealed(each.value)]
    assert {owner_of(each.key) for each in sealed} >= {TENANT, OTHER}
    return {owner_of(each.key) for each in sealed if _opens(thief, each)}


def _opens(thief: Vault, record: ConsumerRecord) -> bool:
    try:
        return bool(thief.open(record.topic, record.key, record.value))
    except SealedError:
        return False


async def _writes_nothing(_rows: object) -> None:
    return None
