from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from signalstream.cli.dead_letters import Filed
from signalstream.cli.doctor import examine
from signalstream.cli.doctor_deployment import Deployment, group_topics, letter_facts
from signalstream.cli.doctor_probes import BrokerFacts
from signalstream.core.diagnosis import DiskFacts, Finding, GroupFacts, LetterFacts, Level, TopicFacts, WorkerFacts
from signalstream.errors import BrokerUnavailableError
from signalstream.settings import ROLES, Settings
from signalstream.streaming.application import WRITTEN_FOR
from signalstream.streaming.embedded import free_port
from tests.cli.command import assert_one_line, signalstream
from tests.cli.letters import LETTERS

SETTINGS = Settings(_env_file=None)
AWAY = BrokerUnavailableError("no Kafka broker answers at 127.0.0.1:9092 (KafkaConnectionError); start one")


@dataclass
class FakeDeployment:
    """A healthy deployment, except for what a test changes; ``away`` is raised by all that asks the broker."""

    installed: Mapping[str, str] = field(default_factory=lambda: dict(WRITTEN_FOR))
    group: GroupFacts = field(default_factory=lambda: GroupFacts("signalstream", "core", "Stable", 1, 0))
    at_url: WorkerFacts = field(default_factory=lambda: WorkerFacts("http://127.0.0.1:8000", "ok", "0.1.0"))
    filed: LetterFacts = field(default_factory=lambda: LetterFacts(0))
    away: Exception | None = None
    breaks: Exception | None = None
    lacks: str = ""
    known: list[TopicFacts] = field(default_factory=lambda: [TopicFacts("support.messages.raw", "ok")])
    hangs: bool = False

    def packages(self) -> Mapping[str, str]:
        return self.installed

    def missing_speedups(self) -> tuple[str, ...]:
        return ()

    def disk(self) -> DiskFacts:
        return DiskFacts("data", "ok", 1_000)

    async def worker(self, url: str) -> WorkerFacts:
        return replace(self.at_url, url=url)

    async def broker(self) -> BrokerFacts:
        await self._ask()
        return BrokerFacts(0.01, 1, "Kafka 4 or newer")

    async def topics(self) -> list[TopicFacts]:
        return self.known

    async def missing_rights(self) -> str:
        return self.lacks

    async def groups(self) -> list[GroupFacts]:
        return [self.group]

    async def letters(self) -> LetterFacts:
        if self.breaks is not None:
            raise self.breaks
        return self.filed

    async def worker_urls(self) -> tuple[str, ...]:
        return ("http://10.0.0.2:8000",)

    async def _ask(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.away is not None:
            raise self.away


async def found(deployment: FakeDeployment, seconds: float = 5.0) -> dict[str, Finding]:
    return {each.check: each for each in await examine(SETTINGS, deployment, seconds)}


async def test_a_healthy_deployment_is_ok_throughout() -> None:
    findings = await found(FakeDeployment())
    assert {each.level for each in findings.values()} == {Level.OK}
    assert {"settings", "SignalStream", "data directory", "own port", "broker", "topics", "group signalstream",
            "dead letters", "rights", "worker"} <= set(findings)  # fmt: skip


async def test_without_a_broker_the_rest_is_said_to_be_unchecked() -> None:
    findings = await found(FakeDeployment(away=AWAY))
    assert findings["broker"] == Finding(
        "broker", Level.FAIL, "no Kafka broker answers at 127.0.0.1:9092 (KafkaConnectionError)", "start one"
    )
    assert findings["the rest"].level is Level.WARN
    assert "topics" not in findings


async def test_a_broker_that_never_answers_is_given_up_in_time() -> None:
    began = time.monotonic()
    findings = await found(FakeDeployment(hangs=True), seconds=0.2)
    assert time.monotonic() - began < 2
    assert findings["broker"].found == "no answer within 0.2 s"


async def test_rights_that_are_missing_and_topics_that_are_hidden_for_it_are_broken() -> None:
    hidden = TopicFacts("support.dlq", "denied", ("topic support.dlq cannot be checked",))
    findings = await found(FakeDeployment(lacks="READ on the topic support.dlq", known=[hidden]))
    assert findings["rights"].level is Level.FAIL
    assert "READ on the topic support.dlq" in findings["rights"].found
    assert findings["topic support.dlq"].level is Level.FAIL


async def test_a_check_that_breaks_hides_no_other() -> None:
    findings = await found(FakeDeployment(breaks=ZeroDivisionError("division by zero")))
    assert findings["dead letters"].found == "ZeroDivisionError: division by zero"
    assert findings["worker"].level is Level.OK


async def test_an_untested_faust_is_a_warning() -> None:
    findings = await found(FakeDeployment(installed={"faust-streaming": "0.16.0"}))
    assert findings["package faust-streaming"].level is Level.WARN


@pytest.mark.parametrize(
    ("body", "status"), [({"status": "ok", "version": "0.1.0", "parts": {}}, "ok"), ({"hello": 1}, ""), ("nothing", "")]
)
async def test_a_worker_is_known_by_its_health(body: object, status: str) -> None:
    async def health(_: web.Request) -> web.Response:
        return web.json_response(body)

    app = web.Application()
    app.router.add_get("/health", health)
    async with TestServer(app) as server:
        facts = await Deployment(SETTINGS).worker(str(server.make_url("")).rstrip("/"))
    assert facts.status == status


async def test_nobody_at_a_url_is_not_something_that_is_no_worker() -> None:
    assert (await Deployment(SETTINGS).worker(f"http://127.0.0.1:{free_port()}")).status is None


async def test_more_letters_than_can_be_counted_in_time_are_no_fault_of_the_broker() -> None:
    async def endless() -> list[Filed]:
        await asyncio.Event().wait()
        return []

    async def some() -> list[Filed]:
        return list(LETTERS)

    assert (await letter_facts(endless, seconds=0.01)).count is None
    facts = await letter_facts(some)
    assert (facts.count, facts.newest_reason) == (len(LETTERS), "exhausted")


def test_the_disk_is_looked_at_without_making_a_directory(tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"data_dir": tmp_path / "data", "low_disk_megabytes": 1})
    assert Deployment(settings).disk().status == "absent"
    assert not settings.data_dir.exists()
    tables = settings.data_dir / "signalstream" / "v1" / "tables"
    for name in ("windows-3.db", "windows-1.db", "insights-3.db"):
        (tables / name).mkdir(parents=True)
    facts = Deployment(settings).disk()
    assert (facts.status, facts.tables) == ("ok", {"windows": (1, 3), "insights": (3,)})


def test_every_role_has_a_group_to_look_at() -> None:
    listed = group_topics(SETTINGS)
    assert [role for role, _, _ in listed] == list(ROLES)
    assert [name for _, name, _ in listed][:2] == ["signalstream", "signalstream-sentiment"]


@pytest.mark.slow
def test_a_dead_broker_ends_with_1_and_wrong_settings_with_2(tmp_path: Path) -> None:
    settings = {"SIGNALSTREAM_KAFKA_BROKERS": f"127.0.0.1:{free_port()}"}
    began = time.monotonic()
    ended = signalstream("doctor", "--json", folder=tmp_path, settings=settings)
    assert time.monotonic() - began < 20
    assert ended.returncode == 1, ended.stderr
    assert {"check": "broker", "level": "fail"}.items() <= {
        key: value for each in json.loads(ended.stdout) if each["check"] == "broker" for key, value in each.items()
    }.items()
    wrong = signalstream("doctor", folder=tmp_path, settings={"SIGNALSTREAM_PORT": "none"})
    assert_one_line(wrong, "SIGNALSTREAM_PORT")
