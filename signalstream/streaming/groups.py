"""Consumer groups as the broker knows them: who is in them, how far they have committed, with which note."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from aiokafka.errors import GroupLoadInProgressError, for_code
from aiokafka.structs import OffsetAndMetadata

from signalstream.settings import Settings

EMPTY_STATES = {"Empty", "Dead", ""}
LOADING_SECONDS = 10.0


@dataclass(frozen=True)
class Group:
    """A consumer group. ``hosts`` has one entry for each member; ``state`` is the broker's word.

    ``urls`` are what Faust's members tell each other about themselves.
    """

    name: str
    state: str
    hosts: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    @property
    def in_use(self) -> bool:
        """Say whether anyone is in the group, or the broker has not yet noticed that nobody is."""
        return bool(self.hosts) or self.state not in EMPTY_STATES


async def describe(admin: Any, names: Iterable[str]) -> dict[str, Group]:
    """Return each group by its name; one that the broker does not know is ``Dead``. Raises KafkaError."""
    found = {}
    for name in names:  # one at a time: aiokafka 0.14 misreads an answer from its second group on
        (answer,) = await admin.describe_consumer_groups([name])
        code, _, state, _, _, members = answer.groups[0][:6]
        if code:
            raise for_code(code)(f"group {name}")
        urls = (_url(member[3]) for member in members)
        hosts = tuple(str(member[2]).lstrip("/") for member in members)
        found[name] = Group(name, state, hosts, tuple(sorted({url for url in urls if url})))
    return found


def _url(metadata: bytes) -> str | None:
    # A member that is no Faust app has other user data, or none.
    try:
        told = json.loads(ConsumerProtocolMemberMetadata.decode(metadata).user_data or b"{}")
    except ValueError:
        return None
    return str(told["url"]).rstrip("/") if isinstance(told, dict) and "url" in told else None


async def versions_in_use(admin: Any, settings: Settings) -> dict[int, Group]:
    """Return the versions of the tables that have members in their group, by number. Raises KafkaError."""
    pattern = re.compile(rf"{re.escape(settings.app_id)}(?:-v(\d{{1,3}}))?")
    names = await _names(admin)
    versions = {name: int(match[1] or 1) for name in names if (match := pattern.fullmatch(name))}
    groups = await describe(admin, versions) if versions else {}
    return {versions[name]: group for name, group in groups.items() if group.in_use}


async def _names(admin: Any) -> list[str]:
    # A broker that has just started, or has just made the topic of its groups, must read it first.
    loop = asyncio.get_running_loop()
    until = loop.time() + LOADING_SECONDS
    while True:
        try:
            return [str(each[0]) for each in await admin.list_consumer_groups()]
        except GroupLoadInProgressError:
            if loop.time() >= until:
                raise
        await asyncio.sleep(0.1)


async def committed(
    admin: Any, group: str, partitions: Iterable[TopicPartition]
) -> Mapping[TopicPartition, OffsetAndMetadata]:
    """Return what a group has committed; a partition without a commit is left out. Raises KafkaError."""
    found = await admin.list_consumer_group_offsets(group, partitions=list(partitions))
    return {partition: each for partition, each in found.items() if each.offset >= 0}
