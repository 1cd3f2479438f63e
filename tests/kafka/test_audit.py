"""Audit log and policies on Apache Kafka: what a worker and commands note is one log, and who touches it is found."""

from __future__ import annotations

import asyncio
import json
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


async def test_what_was_done_is_in_one_log_and_whoever_touches_it_is_found(
    on_kafka: Deployment, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    operator = Operator(on_kafka, tmp_path)
    place = TopicPartition(on_kafka.topic("security.audit"), 0)
    on_kafka.settings |= operator.shared | {"SIGNALSTREAM_AUTH": "required"}
    worker = on_kafka.start(analyst="local", audit_checkpoint_seconds="1", health_details="everyone")
    await asyncio.to_thread(worker.wait_ready)

    key = await operator.told("keys", "issue", "--tenant", "acme", "--scope", "insights:read", "--label", "a shop")
    await a_policy_is_known_within_seconds(on_kafka, operator)
    await the_use_of_a_key_is_noted_once(session, f"{worker.url}/v1/conversations", key, operator)
    assert all(is_sealed(each.value) for each in await everything(on_kafka.bootstrap, [place]))
    anchor = str(tmp_path / "anchor")
    held = await operator.told("audit", "verify", "--anchor", anchor)
    assert (held["holds"], held["signed"], held["findings"]) == (True, True, [])
    assert held["writers"] >= 3  # the worker and each command
    await asyncio.to_thread(worker.terminate)
    assert (await operator.told("audit", "verify", "--anchor", anchor))["holds"]

    log = await everything(on_kafka.bootstrap, [place])
    async with administering(on_kafka.bootstrap) as admin:
        await admin.delete_records({place: RecordsToDelete(log[1].offset + 1)})
    async with AIOKafkaProducer(bootstrap_servers=on_kafka.bootstrap) as producer:
        await producer.send_and_wait(place.topic, log[2].value, b"audit", partition=0)
        await producer.send_and_wait(place.topic, log[2].value[:-1] + b"x", b"audit", partition=0)
    touched = await operator.told("audit", "verify", "--anchor", anchor, code=1)
    assert {each["kind"] for each in touched["findings"]} == {"removed", "replayed", "changed"}
    assert f"0-{log[-1].offset + 2}" in {each["place"] for each in touched["findings"]}

    await nothing_is_done_that_cannot_be_noted(on_kafka, operator, place.topic)


async def a_policy_is_known_within_seconds(on_kafka: Deployment, operator: Operator) -> None:
    names = {"topic_prefix": on_kafka.names.topic_prefix, "app_id": on_kafka.names.app_id, "partitions": PARTITIONS}
    policies = ReplicaPolicies(Settings(_env_file=None, **names), Connection((on_kafka.bootstrap,)))
    await policies.start()
    try:
        assert policies.of("acme").detector_failure != "pass"
        await operator.says("policies", "set", "--tenant", "acme", "detector_failure=pass")

        async def known() -> bool | None:
            return policies.of("acme").detector_failure == "pass" or None

        await eventually(known, "the tenant's decision", SEEN_SECONDS)
        assert policies.of("globex").detector_failure != "pass"
    finally:
        await policies.stop()
    (decision,) = [each for each in await operator.told("policies", "show") if each["decided by"] == "tenant"]
    assert (decision["tenant"], decision["field"], decision["value"]) == ("acme", "detector_failure", "pass")


async def the_use_of_a_key_is_noted_once(
    session: aiohttp.ClientSession, url: str, key: Json, operator: Operator
) -> None:
    async def let_in() -> bool | None:
        async with session.get(url, headers={"Authorization": f"Bearer {key['key']}"}) as answer:
            return answer.status == 200 or None

    await eventually(let_in, "the key at the worker", SEEN_SECONDS)

    async def events() -> list[Json] | None:
        await let_in()
        shown = await operator.told("audit", "show", "--tenant", "acme")
        return shown if any(each["action"] == "key.used" for each in shown) else None

    noted = await eventually(events, "the key's use in the log", 20)
    assert [(each["action"], each["actor"], each["subject"]) for each in noted] == [
        ("key.issued", "cli", key["key_id"]),
        ("policy.changed", "cli", "acme"),
        ("key.used", key["key_id"], key["key_id"]),
    ]
    assert noted[1]["detail"] == {"detector_failure": "pass"}


async def nothing_is_done_that_cannot_be_noted(on_kafka: Deployment, operator: Operator, topic: str) -> None:
    async with administering(on_kafka.bootstrap) as admin:
        await admin.delete_topics([topic])
    (issued,) = await operator.told("keys", "list")
    assert_one_line(await operator.says("keys", "revoke", issued["key_id"], code=2), topic, "topics create")
    assert [each["state"] for each in await operator.told("keys", "list")] == [issued["state"]] == ["active"]
