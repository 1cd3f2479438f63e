"""Topics before traffic: create what is missing, compare what exists, refuse to start on a mismatch.

Faust accepts a topic with any partition count, silently ignores one that is missing (faust-streaming #643), and
loses the first writes to a changelog that appears later; so nothing joins a group before this has passed.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import ClusterAuthorizationFailedError, TopicAuthorizationFailedError, for_code

from signalstream.errors import BrokerUnavailableError, ConfigurationError
from signalstream.settings import Settings
from signalstream.streaming.administration import connected_admin
from signalstream.streaming.allowed import allowed_with_topics
from signalstream.streaming.rights import DESCRIBE, DESCRIBE_CONFIGS, missing_rights, require
from signalstream.topics import TopicSpec, all_topics, topic_name

VISIBLE_SECONDS = 15.0
AT_MOST = frozenset({"segment.ms", "max.compaction.lag.ms"})  # how long a broker may keep what is over
_ALREADY_EXISTS = 36
_DENIED = {TopicAuthorizationFailedError.errno, ClusterAuthorizationFailedError.errno}
_REMEDY_OF_RIGHTS = (
    "grant this client CREATE on it, or let someone who has that run `signalstream topics create` and set "
    "SIGNALSTREAM_TOPIC_CREATION=verify"
)
REMEDY = (
    "Nothing was started. Set SIGNALSTREAM_PARTITIONS to what the topics have, change a topic's configuration with "
    "your Kafka tools, or begin with new topics (SIGNALSTREAM_TOPIC_PREFIX and SIGNALSTREAM_APP_ID); "
    "`signalstream topics check` shows them all."
)
log = structlog.get_logger()


@dataclass(frozen=True)
class TopicRow:
    """A topic as wanted and as found; what was not found is None. ``lacks`` names the right that hides it."""

    name: str
    partitions_wanted: int
    partitions_found: int | None
    config_wanted: Mapping[str, str]
    config_found: Mapping[str, str | None]
    lacks: str | None = None

    @property
    def state(self) -> str:
        """Return ok, missing, denied or mismatch."""
        if self.lacks is not None:
            return "denied"
        if self.partitions_found is None:
            return "missing"
        return "mismatch" if self.problems() else "ok"

    def problems(self) -> tuple[str, ...]:
        """Return what differs and what to do about it."""
        if self.lacks is not None:
            return (f"topic {self.name} cannot be checked: this client lacks the right {self.lacks} on it",)
        if self.partitions_found is None:
            return (f"topic {self.name} does not exist; run `signalstream topics create`",)
        found = []
        if self.partitions_found != self.partitions_wanted:
            found.append(
                f"topic {self.name} has {self.partitions_found} partitions, SIGNALSTREAM_PARTITIONS says "
                f"{self.partitions_wanted}"
            )
        for name, wanted in self.config_wanted.items():
            have = self.config_found.get(name)
            if have is None or _fits(name, have, wanted):
                continue
            bound = "at most " if name in AT_MOST else ""
            found.append(f"topic {self.name} has {name}={have}, expected {bound}{wanted}")
        return tuple(found)


@dataclass(frozen=True)
class Report:
    """Every topic, and which of them were created just now."""

    rows: tuple[TopicRow, ...]
    created: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Return every difference, in the order of the topic table."""
        return tuple(problem for row in self.rows for problem in row.problems())


async def inspect(settings: Settings) -> Report:
    """Compare the broker's topics with the table. Raises BrokerUnavailableError."""
    async with connected_admin(settings) as admin:
        return Report(await _rows(admin, settings))


async def ensure(settings: Settings) -> Report:
    """Create what is missing and compare the rest. Raises BrokerUnavailableError, ConfigurationError."""
    async with connected_admin(settings) as admin:
        before = await _rows(admin, settings)
        missing = {row.name for row in before if row.partitions_found is None}
        if not missing:
            return Report(before)
        await _create(admin, [spec for spec in all_topics(settings) if spec.name in missing], settings)
        return Report(await _visible(admin, settings), created=tuple(sorted(missing)))


async def require_topic(settings: Settings, spec: TopicSpec) -> int:
    """Return how many partitions a topic has. Raises BrokerUnavailableError, ConfigurationError unless it is right."""
    name = topic_name(spec, settings)
    row = next(row for row in (await inspect(settings)).rows if row.name == name)
    if problems := row.problems():
        raise ConfigurationError("; ".join(problems))
    return settings.partitions


async def preflight(settings: Settings) -> None:
    """Make sure that every topic is as promised, waiting a while for a broker that is starting.

    Raises ConfigurationError that lists what is not, BrokerUnavailableError when no broker answered in time.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + settings.broker_wait_seconds
    while True:
        try:
            report = await _compared(settings)
            await _require_rights(settings)
            break
        except BrokerUnavailableError as error:
            if loop.time() >= until:
                raise
            log.warning("broker.waiting", detail=str(error))
            await asyncio.sleep(1)
    if report.created:
        log.info("topics.created", topics=list(report.created))
    if report.problems:
        raise ConfigurationError("; ".join(report.problems) + f". {REMEDY}")


async def _require_rights(settings: Settings) -> None:
    async with connected_admin(settings) as admin:
        require(await missing_rights(admin, settings), settings)


async def _compared(settings: Settings) -> Report:
    """Compare what exists first: on a mismatch nothing is created beside it."""
    report = await inspect(settings)
    wrong = tuple(row for row in report.rows if row.state in {"mismatch", "denied"})
    if wrong and settings.topic_creation == "create":
        return Report(wrong)
    is_whole = all(row.state == "ok" for row in report.rows)
    return report if is_whole or settings.topic_creation == "verify" else await ensure(settings)


def check_port(host: str, port: int) -> None:
    """Raise ConfigurationError when something listens on the port already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {host}:{port} ({error.strerror}); "
                "choose another port with SIGNALSTREAM_PORT or --web-port"
            ) from error


async def _rows(admin: Any, settings: Settings) -> tuple[TopicRow, ...]:
    wanted = all_topics(settings)
    existing = set(await admin.list_topics())
    present = [spec.name for spec in wanted if spec.name in existing]
    partitions = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics(present)} if present else {}
    configs, unread = await _configs(admin, present) if present else ({}, set())
    absent = [spec.name for spec in wanted if spec.name not in existing]
    lacks = dict.fromkeys(
        (name for name, bits in (await allowed_with_topics(admin, absent)).items() if not bits), DESCRIBE
    )
    lacks |= dict.fromkeys(unread, DESCRIBE_CONFIGS)
    return tuple(
        TopicRow(
            spec.name,
            settings.partitions,
            partitions.get(spec.name),
            spec.config(),
            configs.get(spec.name, {}),
            lacks.get(spec.name),
        )
        for spec in wanted
    )


async def _configs(admin: Any, names: list[str]) -> tuple[dict[str, dict[str, str | None]], set[str]]:
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    resources = [resource for answer in answers for resource in answer.resources]
    unread = {resource[3] for resource in resources if resource[0] == TopicAuthorizationFailedError.errno}
    return {resource[3]: {entry[0]: entry[1] for entry in resource[4]} for resource in resources}, unread


async def _create(admin: Any, specs: list[TopicSpec], settings: Settings) -> None:
    answer = await admin.create_topics(
        [
            NewTopic(spec.name, settings.partitions, settings.replication_factor, topic_configs=spec.config())
            for spec in specs
        ]
    )
    for error in answer.topic_errors:
        name, code = error[0], error[1]
        if code not in {0, _ALREADY_EXISTS}:  # another worker may have been quicker
            remedy = _REMEDY_OF_RIGHTS if code in _DENIED else "mend what it names, then try again"
            raise ConfigurationError(
                f"the broker refused to create topic {name}: {for_code(code).__name__} {error[2:]}; {remedy}"
            )


async def _visible(admin: Any, settings: Settings) -> tuple[TopicRow, ...]:
    loop = asyncio.get_running_loop()
    until = loop.time() + VISIBLE_SECONDS
    rows = await _rows(admin, settings)
    while any(row.partitions_found is None for row in rows) and loop.time() < until:
        await asyncio.sleep(0.1)
        rows = await _rows(admin, settings)
    return rows


def _fits(name: str, have: str, wanted: str) -> bool:
    if name in AT_MOST and have.isdigit():
        return int(have) <= int(wanted)
    return _normal(have) == _normal(wanted)


def _normal(value: str) -> str:
    return ",".join(sorted(value.replace(" ", "").split(",")))
