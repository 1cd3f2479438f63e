"""What the doctor asks in earnest: the broker, the disk, the workers."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
from aiokafka import TopicPartition

from signalstream.cli.dead_letters import Filed
from signalstream.cli.dlq_log import read_all
from signalstream.cli.doctor_probes import BrokerFacts
from signalstream.core.diagnosis import DiskFacts, GroupFacts, LetterFacts, TopicFacts, WorkerFacts
from signalstream.settings import Settings
from signalstream.streaming.administration import connected_admin
from signalstream.streaming.application import COMPILED, WRITTEN_FOR
from signalstream.streaming.clients import connection
from signalstream.streaming.groups import Group, committed, describe
from signalstream.streaming.preflight import inspect
from signalstream.streaming.rights import missing_rights, named
from signalstream.streaming.storage import MEGABYTE, disk_part
from signalstream.topics import AI_TOPICS, CONVERSATION_COMMANDS, RAW, TURNS, WINDOW_COMMANDS, topic_name

PACKAGES = (*WRITTEN_FOR, "rocksdict")
HTTP_SECONDS = 2.0
READ_MS = 2_000
LETTERS_SECONDS = 5.0
FETCH_KEY, FETCH_OF_KAFKA_4 = 1, 4  # Apache Kafka 4 answers no fetch below version 4
_TABLE = re.compile(r"(?P<table>[a-z]+)-(?P<partition>\d+)\.db")


class Deployment:
    """The real one, by its settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def packages(self) -> Mapping[str, str]:
        """See Probes."""
        return {name: version(name) for name in PACKAGES}

    def missing_speedups(self) -> tuple[str, ...]:
        """See Probes."""
        return tuple(name for name in COMPILED if importlib.util.find_spec(name) is None)

    def disk(self) -> DiskFacts:
        """See Probes."""
        path = self._settings.data_dir
        present = next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
        part = disk_part(present, self._settings.low_disk_megabytes)
        free, status = int(str(part["free_megabytes"])), str(part["status"])
        if present != path.absolute():
            return DiskFacts(str(path), "absent" if status == "ok" else status, free)
        files = [each for each in path.rglob("*") if each.is_file()]
        used = sum(_size(each) for each in files) // MEGABYTE
        return DiskFacts(str(path), status, free, used, _tables(path))

    async def worker(self, url: str) -> WorkerFacts:
        """See Probes."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=HTTP_SECONDS)) as session,
                session.get(f"{url}/health") as answer,
            ):
                body = await answer.json(content_type=None)
        except aiohttp.ClientConnectorError:
            return WorkerFacts(url, None)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return WorkerFacts(url, "")
        if not isinstance(body, dict) or "parts" not in body:
            return WorkerFacts(url, "")
        troubled = tuple(
            f"{name} {part.get('status')}" for name, part in body["parts"].items() if part.get("status") != "ok"
        )
        return WorkerFacts(url, str(body.get("status")), str(body.get("version")), troubled)

    async def broker(self) -> BrokerFacts:
        """See Probes."""
        async with connected_admin(self._settings) as admin:
            began = time.monotonic()
            cluster = await admin.describe_cluster()
            seconds = time.monotonic() - began
            return BrokerFacts(seconds, len(cluster["brokers"]), _kafka(admin))

    async def topics(self) -> list[TopicFacts]:
        """See Probes."""
        return [TopicFacts(row.name, row.state, row.problems()) for row in (await inspect(self._settings)).rows]

    async def missing_rights(self) -> str:
        """See Probes."""
        async with connected_admin(self._settings) as admin:
            return named(await missing_rights(admin, self._settings))

    async def groups(self) -> list[GroupFacts]:
        """See Probes."""
        wanted = group_topics(self._settings)
        reader = connection(self._settings).consumer(enable_auto_commit=False)
        async with connected_admin(self._settings) as admin:
            present = set(await admin.list_topics())
            await reader.start()
            try:
                known = await describe(admin, (name for _, name, _ in wanted))
                return [
                    await self._group(admin, reader, role, known[name], [each for each in topics if each in present])
                    for role, name, topics in wanted
                ]
            finally:
                await reader.stop()

    async def _group(self, admin: Any, reader: Any, role: str, group: Group, topics: list[str]) -> GroupFacts:
        partitions = [TopicPartition(topic, n) for topic in topics for n in range(self._settings.partitions)]
        begins, ends = await reader.beginning_offsets(partitions), await reader.end_offsets(partitions)
        commits = {each: at.offset for each, at in (await committed(admin, group.name, partitions)).items()}
        done = {each: commits.get(each, begins[each]) for each in partitions}
        behind = {each: max(done[each], begins[each]) for each in partitions if done[each] < ends[each]}
        return GroupFacts(
            name=group.name,
            role=role,
            state=group.state,
            members=len(group.hosts),
            lag=sum(ends[each] - offset for each, offset in behind.items()),
            oldest_seconds=await _oldest(reader, behind) if behind else None,
            lost=sum(done[each] < begins[each] for each in partitions),
        )

    async def letters(self) -> LetterFacts:
        """See Probes."""
        return await letter_facts(lambda: read_all(self._settings))

    async def worker_urls(self) -> tuple[str, ...]:
        """See Probes."""
        name = self._settings.core_id()
        async with connected_admin(self._settings) as admin:
            return (await describe(admin, [name]))[name].urls


def group_topics(settings: Settings) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return each role with its group and the topics that this reads."""
    core = tuple(topic_name(spec, settings) for spec in (RAW, *AI_TOPICS, WINDOW_COMMANDS, CONVERSATION_COMMANDS))
    turns = (topic_name(TURNS, settings),)
    agents = [spec.writers[0] for spec in AI_TOPICS]
    return [("core", settings.core_id(), core), *((role, f"{settings.app_id}-{role}", turns) for role in agents)]


async def letter_facts(read: Callable[[], Awaitable[list[Filed]]], seconds: float = LETTERS_SECONDS) -> LetterFacts:
    """Return what there is to say of the letters, or that they are many: reading them took more than ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            filed = await read()
    except TimeoutError:
        return LetterFacts(None)
    newest = max((each.letter for each in filed if each.letter), key=lambda letter: letter.failed_at, default=None)
    if newest is None:
        return LetterFacts(len(filed))
    return LetterFacts(len(filed), (datetime.now(UTC) - newest.failed_at).total_seconds(), newest.reason)


async def _oldest(reader: Any, behind: Mapping[TopicPartition, int]) -> float | None:
    reader.assign(list(behind))
    for partition, offset in behind.items():
        reader.seek(partition, offset)
    records = [batch[0] for batch in (await reader.getmany(timeout_ms=READ_MS)).values() if batch]
    if not records:
        return None
    earliest: int = min(record.timestamp for record in records)
    return max(0.0, time.time() - earliest / 1000)


def _kafka(admin: Any) -> str:
    # The protocol does not tell a broker's release; which requests it still takes tells its generation.
    for each in admin._client._conns.values():
        least = each._versions.get(FETCH_KEY)
        if least is not None:
            return "Kafka 4 or newer" if least[0] >= FETCH_OF_KAFKA_4 else "Kafka 3 or older, or a compatible broker"
    return "a broker of unknown generation"


def _tables(path: Path) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for each in path.rglob("*.db"):
        match = _TABLE.fullmatch(each.name)
        if match is not None:
            found.setdefault(match["table"], set()).add(int(match["partition"]))
    return {name: tuple(sorted(numbers)) for name, numbers in found.items()}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # RocksDB removes files while we look
        return 0
