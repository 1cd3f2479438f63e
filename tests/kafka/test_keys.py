"""API keys on Apache Kafka: what the command writes is what every process reads."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from signalstream.core.clock import SystemClock
from signalstream.errors import CredentialError
from signalstream.security.hashing import ServerSecrets
from signalstream.security.key_ring import KeyRing
from signalstream.security.key_rows import KeyRows, row_of
from signalstream.streaming.clients import Connection
from signalstream.streaming.replica import Replica, write_rows
from tests.cli.command import assert_one_line, signalstream
from tests.client import eventually
from tests.kafka.conftest import PARTITIONS, Deployment

pytestmark = pytest.mark.kafka
SECRET = "a secret of a deployment on Kafka"


@pytest.fixture
def settings(on_kafka: Deployment) -> dict[str, str]:
    return {
        **on_kafka.names.environment(),
        "SIGNALSTREAM_KAFKA_BROKERS": on_kafka.bootstrap,
        "SIGNALSTREAM_PARTITIONS": str(PARTITIONS),
        "SIGNALSTREAM_AUTH_SECRET": SECRET,
    }


async def command(settings: dict[str, str], folder: Path, *arguments: str) -> Any:
    ended = await asyncio.to_thread(signalstream, "keys", *arguments, folder=folder, settings=settings)
    assert ended.returncode == 0, ended.stderr
    return ended


async def test_a_key_is_shown_once_and_each_change_of_it_reaches_a_running_replica(
    on_kafka: Deployment, settings: dict[str, str], tmp_path: Path
) -> None:
    not_yet = await asyncio.to_thread(signalstream, "keys", "list", folder=tmp_path, settings=settings)
    assert_one_line(not_yet, "security.keys", "signalstream topics create")
    await asyncio.to_thread(signalstream, "topics", "create", folder=tmp_path, settings=settings)
    issued = ["issue", "--tenant", "acme", "--scope", "insights:read", "--label", "a shop"]
    before = json.loads((await command(settings, tmp_path, *issued, "--json")).stdout)

    rows, topic = KeyRows(), on_kafka.topic("security.keys")
    replica = Replica(Connection((on_kafka.bootstrap,)), topic, PARTITIONS, rows.apply)
    ring = KeyRing(rows, ServerSecrets((SECRET.encode(),)), SystemClock(), replica.is_fresh)
    await replica.start()
    try:
        assert ring.verify(before["key"]).credential == before["key_id"]

        rotated = await command(settings, tmp_path, "rotate", before["key_id"], "--overlap", "0s")
        new = rotated.stdout.strip()
        await eventually(lambda: refusal(ring, before["key"]), "the end of the old key", 5)
        holder = ring.verify(new)
        assert (holder.tenant, holder.scopes) == ("acme", {"insights:read"})

        await write_rows(Connection((on_kafka.bootstrap,)), topic, [row_of(use) for use in ring.uses_to_write()])
        await command(settings, tmp_path, "revoke", holder.credential)
        assert await eventually(lambda: refusal(ring, new), "the revocation", 5) == "credential-revoked"
    finally:
        await replica.stop()

    listed = (await command(settings, tmp_path, "list", "--json")).stdout
    states = {row["key_id"]: (row["state"], row["last_used_at"] is not None) for row in json.loads(listed)}
    assert states == {before["key_id"]: ("expired", True), holder.credential: ("revoked", True)}
    assert before["key"].split("_")[2] not in listed


async def refusal(ring: KeyRing, key: str) -> str | None:
    try:
        ring.verify(key)
    except CredentialError as error:
        return error.word
    return None


async def test_a_replica_reads_past_the_mark_that_a_transaction_leaves_and_follows(on_kafka: Deployment) -> None:
    topic = on_kafka.topic("state")
    admin = AIOKafkaAdminClient(bootstrap_servers=on_kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"cleanup.policy": "compact"})])
    await admin.close()
    await write_rows(Connection((on_kafka.bootstrap,)), topic, [(b"a", b"1"), (b"a", b"2"), (b"b", b"1"), (b"b", None)])
    producer = AIOKafkaProducer(bootstrap_servers=on_kafka.bootstrap, transactional_id=topic)
    await producer.start()
    async with producer.transaction():
        await producer.send_and_wait(topic, b"3", key=b"c")
    await producer.stop()
    replica = Replica(Connection((on_kafka.bootstrap,)), topic, 1, start_seconds=15)
    await replica.start()
    try:
        assert replica.rows == {b"a": b"2", b"c": b"3"}
        await write_rows(Connection((on_kafka.bootstrap,)), topic, [(b"a", None)])

        async def gone() -> bool | None:
            return b"a" not in replica.rows or None

        await eventually(gone, "the tombstone", 5)
    finally:
        await replica.stop()
