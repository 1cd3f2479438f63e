"""Planting on Kafka: records that another program might write on the agents' topics, in the clear and sealed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from signalstream.core.sealing import Sealer
from signalstream.models.agents import AI_AGENTS
from signalstream.streaming.headers import REQUEST_ID
from tests.canary.plant import TENANT
from tests.canary.values import Supply

READERS = {
    "messages.raw": 1, "conversations.state": len(AI_AGENTS), "ai.sentiment": 1, "ai.pii": 1, "ai.insights": 1,
    "ai.summary": 1, "ai.language": 1, "ai.aggregated": 0, "windows.commands": 1,
}  # fmt: skip
"""The agents' topics, and how many agents read each and so file a dead letter; the live view files none."""


@dataclass
class Payloads:
    """Writes records; ``written`` says which, because these hold canaries and nothing can be done about it.

    ``letters`` counts the dead letters that are to become of them.
    """

    bootstrap: str
    prefix: str
    supply: Supply
    written: set[tuple[str, int, int]] = field(default_factory=set)
    letters: int = 0

    async def plant(self, sealer: Sealer, kind: str) -> None:
        """Write to each topic a value in the clear, a sealed one that is no JSON, and a sealed one that is no model."""
        key = f"{TENANT}/c-0".encode()
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all") as producer:
            for name in READERS:
                topic = f"{self.prefix}.{name}"
                clear = json.dumps({"message": self._take(kind, "in the clear", name)}).encode()
                broken = f'{{"message": "{self._take(kind, "broken", name)}'.encode()
                strange = json.dumps({"schema_version": 1, "message": self._take(kind, "no model", name)}).encode()
                for value in (clear, sealer.seal(topic, key, broken), sealer.seal(topic, key, strange)):
                    headers = [("note", self._take(kind, "header", name).encode())]
                    if kind in {"name", "e-mail"}:  # an id of letters and digits is kept, whoever chose it
                        headers.append((REQUEST_ID, self._take(kind, "request id", name).encode()))
                    done = await producer.send_and_wait(topic, value, key=key, headers=headers)
                    self._note(name, done)
                done = await producer.send_and_wait(topic, b"{}", key=self._take(kind, "key", name).encode())
                self._note(name, done)

    def _note(self, name: str, done: RecordMetadata) -> None:
        self.written.add((done.topic, done.partition, done.offset))
        self.letters += READERS[name]

    def _take(self, kind: str, how: str, topic: str) -> str:
        return self.supply.take(kind, f"record of {topic}, {how}")
