"""What the broker itself knows of a deployment: its updates, its dead letters, and how far each group has come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from signalstream.models.agents import AI_AGENTS
from signalstream.topics import (
    AGGREGATED,
    AI_TOPICS,
    CONVERSATION_COMMANDS,
    DLQ,
    RAW,
    TURNS,
    WINDOW_COMMANDS,
    TopicSpec,
)
from tests.client import Json
from tests.conftest import TopicNames
from tests.kafka.conftest import PARTITIONS

READS: dict[str, tuple[TopicSpec, ...]] = {
    "": (RAW, *AI_TOPICS, WINDOW_COMMANDS, CONVERSATION_COMMANDS),
    **{f"-{agent}": (TURNS,) for agent in AI_AGENTS},
}


@dataclass
class Ledger:
    """Reads with a consumer of its own, which is in no group.

    ``updates`` holds the insights of each conversation in the order of the topic.
    """

    names: TopicNames
    consumer: Any
    admin: Any
    updates: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))

    async def catch_up(self) -> None:
        """Read the updates that came since the last call."""
        ends = await self.consumer.end_offsets(self.consumer.assignment())
        while any([await self.consumer.position(tp) < end for tp, end in ends.items()]):
            for records in (await self.consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    self._take(orjson.loads(record.value))

    async def dead_letters(self) -> int:
        """Return how many records the dead-letter topic has."""
        return sum((await self.consumer.end_offsets(self._partitions(DLQ))).values())

    async def lag(self) -> dict[str, int]:
        """Return, for each group that is behind, how many records it has not committed."""
        behind = {}
        for suffix, topics in READS.items():
            group = self.names.app_id + suffix
            partitions = [tp for spec in topics for tp in self._partitions(spec)]
            starts = await self.consumer.beginning_offsets(partitions)
            ends = await self.consumer.end_offsets(partitions)
            done = await self.admin.list_consumer_group_offsets(group)
            committed = {tp: done[tp].offset if tp in done else start for tp, start in starts.items()}
            if missing := sum(end - committed[tp] for tp, end in ends.items()):
                behind[group] = missing
        return behind

    def _take(self, update: Json) -> None:
        if update["kind"] == "insight":
            self.updates[update["conversation_id"]].append(update["insight"])

    def _partitions(self, spec: TopicSpec) -> list[TopicPartition]:
        topic = f"{self.names.topic_prefix}.{spec.name}"
        return [TopicPartition(topic, number) for number in range(PARTITIONS)]


@asynccontextmanager
async def ledger(bootstrap: str, names: TopicNames) -> AsyncIterator[Ledger]:
    """Open a ledger of a deployment; its consumer and admin client end with the context."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        await admin.start()
        opened = Ledger(names, consumer, admin)
        consumer.assign(opened._partitions(AGGREGATED))
        await consumer.seek_to_beginning()
        yield opened
    finally:
        await consumer.stop()
        await admin.close()
