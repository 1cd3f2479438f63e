"""Audit log and policies on Apache Kafka: what a worker and commands note is one log, and who touches it is found."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin.records_to_delete import RecordsToDelete

from signalstream.core.sealing import is_sealed
from signalstream.policies import ReplicaPolicies
from signalstream.security.master_keys import new_master_key
from signalstream.settings import Settings
from signalstream.streaming.clients import Connection
from tests.cli.command import assert_one_line, signalstream
from tests.client import Json, eventually
from tests.kafka.conftest import PARTITIONS, Deployment
from tests.kafka.direct import administering, everything

pytestmark = pytest.mark.kafka
SECRET = "a secret of a deployment with an audit log"
SEEN_SECONDS = 5.0
RETENTION = "retention_messages_days=30"


class Operator:
    """Someone at a command line of the deployment."""

    def __init__(self, on_kafka: Deployment, folder: Path) -> None:
        self.folder = folder
        self.shared = {
            "SIGNALSTREAM_AUTH_SECRET": SECRET,
            "SIGNALSTREAM_ENCRYPTION": "required",
            "SIGNALSTREAM_MASTER_KEYS": new_master_key(),
        }
        self.settings = {
            **on_kafka.names.environment(), **self.shared,
            "SIGNALSTREAM_KAFKA_BROKERS": on_kafka.bootstrap, "SIGNALSTREAM_PARTITIONS": str(PARTITIONS),
        }  # fmt: skip

    async def says(self, *words: str, code: int = 0) -> Any:
        ended = await asyncio.to_thread(signalstream, *words, folder=self.folder, settings=self.settings)
        assert ended.returncode == code, (ended.stdout, ended.stderr)
        return ended

    async def told(self, *words: str, code: int = 0) -> Any:
        return json.loads((await self.says(*words, "--json", code=code)).stdout)


@dataclass(frozen=True)
class Shop:
    """Whoever holds the key."""

    session: aiohttp.ClientSession
    url: str
    headers: dict[str, str]

    async def let_in(self) -> bool | None:
        async with self.session.get(f"{self.url}/v1/conversations", headers=self.headers) as answer:
            return answer.status == 200 or None

    async def writes(self, conversation: str, timestamp: str) -> None:
        message = {"conversation_id": conversation, "sender": "customer", "message": "hello", "timestamp": timestamp}
        async with self.session.post(f"{self.url}/v1/messages", json=message, headers=self.headers) as answer:
            assert answer.status == 202, await answer.text()

    async def has(self, conversation: str, status: int) -> bool | None:
        url = f"{self.url}/v1/conversations/{conversation}"
        async with self.session.get(url, headers=self.headers) as answer:
            return answer.status == status or None


async def test_what_was_done_is_in_one_log_and_whoever_touches_it_is_found(
    on_kafka: Deployment, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    operator = Operator(on_kafka, tmp_path)
    place = TopicPartition(on_kafka.topic("security.audit"), 0)
    on_kafka.settings |= operator.shared | {"SIGNALSTREAM_AUTH": "required"}
    worker = on_kafka.start(analyst="local", audit_checkpoint_seconds="1", health_details="everyone")
    await asyncio.to_thread(worker.wait_ready)

    scopes = ("--scope", "insights:read", "--scope", "messages:write")
    key = await operator.told("keys", "issue", "--tenant", "acme", *scopes, "--label", "a shop")
    await a_policy_is_known_within_seconds(on_kafka, operator)
    shop = Shop(session, worker.url, {"Authorization": f"Bearer {key['key']}"})
    await eventually(shop.let_in, "the key at the worker", SEEN_SECONDS)
    await shop.writes("old", "2020-01-01T12:00:00Z")
    await shop.writes("new", datetime.now(UTC).isoformat())
    await asyncio.gather(the_use_of_a_key_is_noted_once(shop, key, operator), what_was_decided_is_shown(operator))
    await what_was_silent_for_its_retention_goes_and_the_rest_stays(shop, operator)
    assert all(is_sealed(each.value) for each in await everything(on_kafka.bootstrap, [place]))
    anchor = str(tmp_path / "anchor")
    held = await operator.told("audit", "verify", "--anchor", anchor)
    assert (held["holds"], held["signed"], held["findings"]) == (True, True, [])
    assert held["writers"] >= 3  # the worker and each command
    await asyncio.to_thread(worker.terminate)

    log = await everything(on_kafka.bootstrap, [place])
    async with administering(on_kafka.bootstrap) as admin:
        await admin.delete_records({place: RecordsToDelete(log[1].offset + 1)})
    async with AIOKafkaProducer(bootstrap_servers=on_kafka.bootstrap) as producer:
        await producer.send_and_wait(place.topic, log[2].value, b"audit", partition=0)
        await producer.send_and_wait(place.topic, log[2].value[:-1] + b"x", b"audit", partition=0)
    touched = await operator.told("audit", "verify", "--anchor", anchor, code=1)
    assert {each["kind"] for each in touched["findings"]} == {"removed", "replayed", "changed"}
    assert f"0-{log[-1].offset + 2}" in {each["place"] for each in touched["findings"]}

    await nothing_is_done_that_cannot_be_noted(on_kafka, operator, place.topic, key)


async def a_policy_is_known_within_seconds(on_kafka: Deployment, operator: Operator) -> None:
    names = {"topic_prefix": on_kafka.names.topic_prefix, "app_id": on_kafka.names.app_id, "partitions": PARTITIONS}
    policies = ReplicaPolicies(Settings(_env_file=None, **names), Connection((on_kafka.bootstrap,)))
    await policies.start()
    try:
        assert policies.of("acme").detector_failure != "pass"
        decisions = ("detector_failure=pass", RETENTION)  # at once, and neither is lost
        await asyncio.gather(*(operator.says("policies", "set", "--tenant", "acme", each) for each in decisions))

        async def known() -> bool | None:
            return policies.of("acme").detector_failure == "pass" or None

        await eventually(known, "the tenant's decision", SEEN_SECONDS)
        assert policies.of("globex").detector_failure != "pass"
    finally:
        await policies.stop()


async def what_was_decided_is_shown(operator: Operator) -> None:
    told = {each["field"]: each["value"] for each in await operator.told("policies", "show", "--tenant", "acme")}
    assert (told["detector_failure"], told["retention_messages_days"]) == ("pass", 30)


async def the_use_of_a_key_is_noted_once(shop: Shop, key: Json, operator: Operator) -> None:
    async def events() -> list[Json] | None:
        await shop.let_in()
        shown = await operator.told("audit", "show", "--tenant", "acme")
        return shown if any(each["action"] == "key.used" for each in shown) else None

    noted = await eventually(events, "the key's use in the log", 20)
    assert [(each["action"], each["actor"], each["subject"]) for each in noted] == [
        ("key.issued", "cli", key["key_id"]),
        ("policy.changed", "cli", "acme"),
        ("policy.changed", "cli", "acme"),
        ("key.used", key["key_id"], key["key_id"]),
    ]
    assert noted[1]["detail"] | noted[2]["detail"] == {"detector_failure": "pass", "retention_messages_days": "30"}


async def what_was_silent_for_its_retention_goes_and_the_rest_stays(shop: Shop, operator: Operator) -> None:
    for name in ("old", "new"):
        await eventually(partial(shop.has, name, 200), f"the conversation {name}", 20)

    due = [{"tenant": "acme", "class": "conversations", "rows": 1, "oldest": "2020-01-01T12:00:00.000Z"}]
    dry = await operator.told("retention", "sweep", "--dry-run")
    assert (dry["swept"], dry["due"], dry["unreadable"]) == (False, due, 0)
    assert await shop.has("old", 200)
    assert (await operator.told("retention", "sweep"))["due"] == due

    (swept,), _ = await asyncio.gather(
        operator.told("audit", "show", "--action", "retention"),
        eventually(partial(shop.has, "old", 404), "the end of the old conversation", 10),
    )
    assert await shop.has("new", 200)
    assert (swept["actor"], swept["subject"], swept["detail"]) == (
        "cli",
        "conversations",
        {"rows": 1, "oldest": "2020-01-01"},
    )


async def nothing_is_done_that_cannot_be_noted(on_kafka: Deployment, operator: Operator, topic: str, key: Json) -> None:
    async with administering(on_kafka.bootstrap) as admin:
        await admin.delete_topics([topic])
    assert_one_line(await operator.says("keys", "revoke", key["key_id"], code=2), topic, "topics create")
    assert [each["state"] for each in await operator.told("keys", "list")] == ["active"]
