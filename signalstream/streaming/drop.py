"""Removes a version of the tables from the broker: its group and its changelogs, nothing else."""

from __future__ import annotations

from typing import Any

from aiokafka.errors import for_code
from aiokafka.protocol.admin import DeleteGroupsRequest

from signalstream.errors import ConfigurationError
from signalstream.settings import Settings
from signalstream.streaming.groups import describe
from signalstream.topics import TABLES, changelog_name

_NOT_THERE = 69  # GROUP_ID_NOT_FOUND


def dropped_names(settings: Settings) -> tuple[str, ...]:
    """Return what a version has on the broker: its group, then its changelogs."""
    return (f"group {settings.core_id()}", *(changelog_name(table, settings) for table in TABLES))


async def remove_version(admin: Any, settings: Settings) -> None:
    """Delete the group and the changelogs. Raises ConfigurationError while the version has workers, KafkaError."""
    name = settings.core_id()
    group = (await describe(admin, [name]))[name]
    if group.in_use:
        raise ConfigurationError(f"version {settings.app_version} has workers (group {name}): stop them first")
    await _delete_group(admin, name)
    present = set(await admin.list_topics())
    changelogs = [each for table in TABLES if (each := changelog_name(table, settings)) in present]
    if changelogs:
        await admin.delete_topics(changelogs)


async def _delete_group(admin: Any, name: str) -> None:
    coordinator = await admin.find_coordinator(name)
    # The admin client of aiokafka 0.14 has the request but no method for it.
    answer = await admin._send_request(DeleteGroupsRequest([name]), coordinator)
    for _, code in answer.results:
        if code not in {0, _NOT_THERE}:
            raise for_code(code)(f"group {name} was not deleted")
