"""Topics of a measurement: created beforehand with matching partitions, and deleted after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

ALREADY_THERE = 36  # TOPIC_ALREADY_EXISTS


async def create_topics(brokers: str, partitions: int, policies: Mapping[str, str]) -> None:
    """Create topics (name -> cleanup policy) with one copy each; those that are there stay as they are.

    Raises RuntimeError when the broker refuses.
    """
    async with _admin(brokers) as admin:
        wanted = [
            NewTopic(name, partitions, 1, topic_configs={"cleanup.policy": policy}) for name, policy in policies.items()
        ]
        answer = await admin.create_topics(wanted)
        refused = [error for error in answer.topic_errors if error[1] not in {0, ALREADY_THERE}]
        if refused:
            raise RuntimeError(f"the broker refused to create topics: {refused}")


async def delete_topics(brokers: str, prefixes: Iterable[str]) -> None:
    """Delete every topic whose name begins with one of the prefixes, so that rounds do not pile up."""
    beginnings = tuple(prefixes)
    async with _admin(brokers) as admin:
        names = [name for name in await admin.list_topics() if name.startswith(beginnings)]
        if names:
            await admin.delete_topics(names)


@asynccontextmanager
async def _admin(brokers: str) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()
