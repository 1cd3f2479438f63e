"""Versions of the tables: one serves at a time, and only one that is complete. Asked before a worker joins a group.

``signalstream rebuild`` makes the next version's changelogs and commits with a note how far they have come; the group's
own workers commit without one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from signalstream.errors import ConfigurationError
from signalstream.settings import Settings
from signalstream.streaming.administration import connected_admin
from signalstream.streaming.groups import committed, versions_in_use
from signalstream.topics import RAW, topic_name

BUILDING = "rebuilding"
BUILT = "rebuilt"
LEAVE_SLACK_SECONDS = 5.0
log = structlog.get_logger()


def raw_partitions(settings: Settings) -> list[TopicPartition]:
    """Return the partitions of the raw topic."""
    return [TopicPartition(topic_name(RAW, settings), number) for number in range(settings.partitions)]


def unbuilt(commits: Mapping[TopicPartition, OffsetAndMetadata], partitions: int) -> str | None:
    """Return why a version's tables are not complete, or None. ``commits`` are those of its raw partitions."""
    if len(commits) < partitions or any(each.metadata == BUILDING for each in commits.values()):
        return "its tables have not been made to the end" if commits else "its tables have not been made"
    return None


async def check_version(settings: Settings) -> None:
    """Refuse to start a version that is not complete, or while another one serves.

    Waits for a killed worker's session to end. Raises ConfigurationError, BrokerUnavailableError.
    """
    async with connected_admin(settings) as admin:
        await _require_built(admin, settings)
        await _require_alone(admin, settings)


async def _require_built(admin: Any, settings: Settings) -> None:
    if settings.app_version == 1:
        return
    commits = await committed(admin, settings.core_id(), raw_partitions(settings))
    problem = unbuilt(commits, settings.partitions)
    if problem is not None:
        raise ConfigurationError(
            f"version {settings.app_version} of the tables cannot serve: {problem}. Nothing was started. Run "
            f"`signalstream rebuild --to {settings.app_version}` with SIGNALSTREAM_APP_VERSION set to the version "
            "that serves, or set SIGNALSTREAM_APP_VERSION back to it"
        )


async def _require_alone(admin: Any, settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + settings.session_timeout_seconds + LEAVE_SLACK_SECONDS
    while others := {
        number: group
        for number, group in (await versions_in_use(admin, settings)).items()
        if number != settings.app_version
    }:
        number, group = next(iter(others.items()))
        if loop.time() >= until:
            raise ConfigurationError(
                f"version {number} of the tables is serving: its group {group.name} has {len(group.hosts)} workers. "
                f"Nothing was started, since two versions at once would show two pictures of a conversation. Stop the "
                f"workers of version {number} first, or set SIGNALSTREAM_APP_VERSION={number}"
            )
        log.info("version.waiting", version=settings.app_version, serving=number)
        await asyncio.sleep(0.5)
