"""A Kafka that wants TLS, a credential and rights: workers and commands have them, or say what is missing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from signalstream.cli.dlq_log import read_all
from signalstream.errors import ConfigurationError, SignalStreamError
from signalstream.settings import ROLES, Settings
from signalstream.streaming.preflight import inspect
from signalstream.streaming.rights import READ, WRITE, Right, rights_of
from tests.cli.command import assert_one_line, signalstream
from tests.client import Client, eventually
from tests.conftest import TopicNames, new_topic_names
from tests.kafka.acls import grant, revoke
from tests.kafka.conftest import PARTITIONS, Deployment, client_of
from tests.kafka.secured import CERTIFIED, PASSWORD, USER, SecuredKafka, unsecured_token
from tests.workers import Worker

pytestmark = pytest.mark.kafka
SAID_WITHIN_SECONDS = 10.0


@dataclass
class Secured:
    """The broker, and the names of one deployment whose rights the user ``worker`` has."""

    kafka: SecuredKafka
    names: TopicNames
    directory: Path

    def settings(self, **changes: str) -> dict[str, str]:
        """Return the environment of a process that the broker lets in."""
        return self.kafka.settings(**changes) | self.rest()

    def rest(self) -> dict[str, str]:
        """Return the environment without the way to Kafka."""
        return {
            **self.names.environment(),
            "SIGNALSTREAM_PARTITIONS": str(PARTITIONS),
            "SIGNALSTREAM_TOPIC_CREATION": "verify",
        }

    def rights(self) -> set[Right]:
        """Return what the table says that all roles need, and what `signalstream dlq list` does."""
        settings = loaded(self.rest())
        letters = Right("topic", READ, self.topic("dlq"))
        return {right for role in ROLES for right in rights_of(role, settings)} | {letters}

    def topic(self, name: str) -> str:
        return f"{self.names.topic_prefix}.{name}"


def loaded(environment: Mapping[str, str]) -> Settings:
    fields = {name.removeprefix("SIGNALSTREAM_").lower(): value for name, value in environment.items()}
    return Settings(_env_file=None, **{"encryption": "off", **fields})  # type: ignore[arg-type]  # any field is a keyword


@pytest.fixture(autouse=True)
async def closed_behind() -> AsyncIterator[None]:
    """Give aiokafka a moment: what a broker has refused it closes without waiting for it."""
    yield
    await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Give the broker with topics, which an operator made over the plain listener, and the rights of the table."""
    made = Secured(SecuredKafka(tmp_path_factory.mktemp("secured")), new_topic_names(), tmp_path_factory.mktemp("run"))
    with made.kafka.broker:
        plain = made.rest() | {"SIGNALSTREAM_KAFKA_BROKERS": made.kafka.bootstrap}
        created = signalstream("topics", "create", folder=made.directory, settings=plain)
        assert created.returncode == 0, created.stderr
        asyncio.run(grant(made.kafka.bootstrap, USER, made.rights()))
        asyncio.run(grant(made.kafka.bootstrap, CERTIFIED, made.rights()))
        yield made


@pytest.fixture(scope="module")
def worker(secured: Secured, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    deployment = Deployment(
        secured.kafka.bootstrap, secured.names, tmp_path_factory.mktemp("worker"), secured.settings()
    )
    worker = deployment.start(commit_interval_seconds="0.5")
    worker.wait_ready()
    yield worker
    deployment.stop()


@pytest.fixture
async def client(worker: Worker, session: aiohttp.ClientSession) -> Client:
    return client_of(session, worker)


async def logged(worker: Worker, *words: str) -> str:
    async def line() -> str | None:
        lines = worker.log_path.read_text().splitlines()
        return next((each for each in lines if all(word in each for word in words)), None)

    return await eventually(line, f"a line of the log with {words}", seconds=SAID_WITHIN_SECONDS)


async def test_a_message_becomes_an_insight_over_tls_and_scram_with_the_rights_of_the_table(client: Client) -> None:
    await client.post("over-tls", "My card was charged twice!")
    picture = await client.complete("over-tls", 1)
    assert picture["sentiment"]["sentiment"] == "negative"


async def test_every_command_goes_the_same_way(worker: Worker, client: Client, secured: Secured) -> None:
    await client.post("doctored", "hello")
    await client.complete("doctored", 1)
    of_worker = worker.environment() | {"SIGNALSTREAM_PORT": str(worker.port)}
    settings = {name: value for name, value in of_worker.items() if name.startswith("SIGNALSTREAM_")}
    ended = await asyncio.gather(
        *(
            asyncio.to_thread(signalstream, *words, folder=secured.directory, settings=settings)
            for words in (("doctor",), ("topics", "check"), ("dlq", "list"))
        )
    )
    assert [each.returncode for each in ended] == [0, 0, 0], [each.stdout + each.stderr for each in ended]
    assert "no dead letters" in ended[2].stdout


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"])
async def test_the_other_mechanisms_let_in_too(secured: Secured, mechanism: str, tmp_path: Path) -> None:
    changes = {}
    if mechanism == "OAUTHBEARER":
        (tmp_path / "token").write_text(unsecured_token())
        changes["token_file"] = str(tmp_path / "token")
    report = await inspect(loaded(secured.settings(mechanism=mechanism, **changes)))
    assert {row.state for row in report.rows} == {"ok"}


async def test_a_client_certificate_lets_in_too(secured: Secured) -> None:
    report = await inspect(loaded(secured.kafka.certified() | secured.rest()))
    assert {row.state for row in report.rows} == {"ok"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "not-" + PASSWORD}, ("refuses the user 'worker' with SCRAM-SHA-512", "KAFKA_PASSWORD")),
        ({"mechanism": "PLAIN", "username": "nobody"}, ("refuses the user 'nobody' with PLAIN", "KAFKA_USERNAME")),
        ({"ca_file": "{ca}"}, ("certificate of the Kafka broker", "is not believed", "KAFKA_CA_FILE")),
        ({"brokers": "{host}"}, ("Hostname mismatch", "by a name that is in it")),
        ({"mechanism": "OAUTHBEARER", "token_file": "{token}"}, ("refuses the token's user", "KAFKA_TOKEN_")),
        ({"mechanism": "OAUTHBEARER", "token_command": "false"}, ("KAFKA_TOKEN_COMMAND (false) ended with code 1",)),
    ],
)
async def test_who_is_not_let_in_is_told_why_in_time(
    secured: Secured, changes: dict[str, str], said: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "expired").write_text(unsecured_token(lives_seconds=-600))
    places = {
        "{ca}": str(secured.kafka.directory / "client-ca.pem"),
        "{host}": f"localhost:{secured.kafka.sasl_port}",
        "{token}": str(tmp_path / "expired"),
    }
    settings = loaded(secured.settings(**{name: places.get(value, value) for name, value in changes.items()}))
    for ask in (inspect, read_all):
        began = time.monotonic()
        with pytest.raises(SignalStreamError) as refused:
            await ask(settings)
        assert time.monotonic() - began < SAID_WITHIN_SECONDS
        assert all(words in str(refused.value) for words in said), str(refused.value)
        assert PASSWORD not in str(refused.value)


def test_a_command_with_a_wrong_password_says_so_in_one_line(secured: Secured, tmp_path: Path) -> None:
    ended = signalstream("dlq", "list", folder=tmp_path, settings=secured.settings(password="wrong"))
    assert_one_line(ended, "refuses the user 'worker' with SCRAM-SHA-512", "SIGNALSTREAM_KAFKA_PASSWORD")


async def test_who_shows_no_certificate_is_told_which_settings_name_one(secured: Secured) -> None:
    settings = secured.kafka.certified() | secured.rest()
    bare = {name: value for name, value in settings.items() if not name.endswith(("CERTIFICATE_FILE", "KEY_FILE"))}
    with pytest.raises(ConfigurationError, match=r"refuses this client's TLS.*SIGNALSTREAM_KAFKA_CERTIFICATE_FILE"):
        await inspect(loaded(bare))


def test_a_worker_that_is_not_let_in_ends_with_2_and_does_not_try_for_ever(secured: Secured, tmp_path: Path) -> None:
    with Worker(secured.kafka.bootstrap, tmp_path, secured.settings(password="wrong")) as worker:
        assert worker.wait_ended(SAID_WITHIN_SECONDS) == 2
    last = worker.log_path.read_text().strip().splitlines()[-1]
    assert "refuses the user 'worker' with SCRAM-SHA-512" in last


def test_a_worker_without_a_right_names_it_before_it_joins_a_group(secured: Secured, tmp_path: Path) -> None:
    lost = [
        Right("topic", WRITE, secured.topic("ai.pii")),
        Right("topic", READ, secured.topic("messages.raw")),
        Right("group", READ, f"{secured.names.app_id}-summary"),
    ]
    asyncio.run(revoke(secured.kafka.bootstrap, CERTIFIED, lost))
    settings = secured.kafka.certified() | secured.rest()
    with Worker(secured.kafka.bootstrap, tmp_path, settings) as worker:
        assert worker.wait_ended(SAID_WITHIN_SECONDS) == 2
    asyncio.run(grant(secured.kafka.bootstrap, CERTIFIED, lost))
    last = worker.log_path.read_text().strip().splitlines()[-1]
    for right in lost:
        assert f"{right.operation} on the {right.kind} {right.name}" in last
    assert "Nothing was started. Grant these rights" in last


async def test_a_topic_that_is_hidden_is_not_taken_for_missing(secured: Secured) -> None:
    report = await inspect(loaded(secured.settings() | {"SIGNALSTREAM_TOPIC_PREFIX": "strangers"}))
    assert (
        "topic strangers.messages.raw cannot be checked: this client lacks the right DESCRIBE on it" in report.problems
    )


async def test_a_right_that_goes_at_run_time_is_said_and_work_goes_on_once_it_is_back(
    worker: Worker, client: Client, secured: Secured
) -> None:
    kafka, gone = secured.kafka.bootstrap, "without-rights"
    group = Right("group", READ, f"{secured.names.app_id}-pii")
    output = Right("topic", WRITE, secured.topic("ai.sentiment"))
    turns = Right("topic", READ, secured.topic("conversations.state"))
    await revoke(kafka, USER, [group, output])
    await client.post(gone, "hello")
    assert "READ on the group" in await logged(worker, "consumer.coordination_failed", group.name)
    assert "WRITE on the topic" in await logged(worker, "stage.broker_unavailable", output.name)
    await client.post(gone, "nobody may say what they think of this")
    await grant(kafka, USER, [group, output])
    assert await client.complete(gone, 2)
    await revoke(kafka, USER, [turns])
    await client.post(gone, "a fetch that was on its way may still bring this")
    assert "READ on the topic" in await logged(worker, "consumer.read_denied", turns.name)
    await client.post(gone, "nobody may read this")
    await grant(kafka, USER, [turns])
    assert await client.complete(gone, 4)
