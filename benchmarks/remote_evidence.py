"""What became of each posted message, read from the topics: its analyses and its first complete insight."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.tail import PARTITIONS
from signalstream.ai.remote.prompts import PROMPTS
from signalstream.models.agents import AI_AGENTS

REMOTE = tuple(PROMPTS)
POLL_MS, AT_ONCE = 500, 2_000
Conversation = tuple[str, str]
Json = dict[str, Any]


@dataclass(frozen=True)
class Analysed:
    """One analysis; times are seconds since 1970, to the millisecond. ``began`` is when its agent took the turn."""

    status: str
    reason: str | None
    has_result: bool
    began: float
    ended: float

    @property
    def explained(self) -> bool:
        """Say whether it has a result, and a stated reason where it is not the model's own."""
        return (self.has_result or self.status in {"failed", "skipped"}) and (self.status == "ok" or bool(self.reason))


@dataclass
class Evidence:
    """Of every message: agent -> its analysis. Of every conversation: turns that are covered -> since when."""

    analyses: dict[str, dict[str, Analysed]] = field(default_factory=dict)
    turns: dict[str, tuple[Conversation, int]] = field(default_factory=dict)
    covered: dict[Conversation, dict[int, float]] = field(default_factory=dict)

    def note_analysis(self, record: Json) -> None:
        """Take in a record of an agent's topic, which leaves out what is null. Of repeats the first counts."""
        name, ended = record["message_id"], datetime.fromisoformat(record["analysed_at"]).timestamp()
        self.turns[name] = ((record["tenant_id"], record["conversation_id"]), record["seq"])
        analysed = Analysed(
            status=record["status"],
            reason=record.get("reason"),
            has_result=record.get("result") is not None,
            began=ended - record["latency_ms"] / 1000,
            ended=ended,
        )
        self.analyses.setdefault(name, {}).setdefault(record["agent"], analysed)

    def note_update(self, record: Json, sent: float) -> None:
        """Take in a record of the aggregated topic that was ``sent`` then."""
        insight = record.get("insight")
        if insight is not None and insight["completeness"] == "complete":
            turns = self.covered.setdefault((insight["tenant_id"], insight["conversation_id"]), {})
            turns.setdefault(insight["last_seq"], sent)

    def complete_at(self, name: str) -> float | None:
        """Return when the first complete insight that covers a message was sent; None when none was."""
        if name not in self.turns:
            return None
        conversation, seq = self.turns[name]
        return min((at for last, at in self.covered.get(conversation, {}).items() if last >= seq), default=None)

    def of_model(self, name: str) -> Sequence[Analysed]:
        """Return a message's analyses by those agents that ask the remote model."""
        found = self.analyses.get(name, {})
        return [found[agent] for agent in REMOTE if agent in found]

    def lost(self, names: Sequence[str]) -> list[str]:
        """Return which messages lack an analysis or have no complete insight."""
        return [
            name
            for name in names
            if len(self.analyses.get(name, {})) < len(AI_AGENTS) or self.complete_at(name) is None
        ]

    def unexplained(self) -> int:
        """Return how many analyses have no result and no stated reason for it."""
        return sum(not each.explained for found in self.analyses.values() for each in found.values())


async def gathered(brokers: str, prefix: str, names: Sequence[str], seconds: float) -> Evidence:
    """Read from the beginning until every message's end is known, or nothing has come any more for ``seconds``.

    A backlog that is worked off is no loss, however long it takes; what is missing once nothing comes any more, is.
    """
    evidence = Evidence()
    updates = f"{prefix}.ai.aggregated"
    topics = [updates, *(f"{prefix}.ai.{agent}" for agent in AI_AGENTS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=brokers, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)])
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            found = await consumer.getmany(timeout_ms=POLL_MS, max_records=AT_ONCE)
            for place, records in found.items():
                _note(evidence, records, is_update=place.topic == updates)
            if found:
                until = loop.time() + seconds
            elif not evidence.lost(names):
                break
    finally:
        await consumer.stop()
    return evidence


def _note(evidence: Evidence, records: Sequence[Any], *, is_update: bool) -> None:
    for record in records:
        if is_update:
            evidence.note_update(orjson.loads(record.value), record.timestamp / 1000)
        else:
            evidence.note_analysis(orjson.loads(record.value))
