"""Events to test with: what an agent is given, without a broker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Partition = tuple[str, int]


class FakeMessage(NamedTuple):
    """A record as Faust delivers it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]] | dict[str, bytes] | None = None
    generation_id: int | None = 1
    timestamp: float | None = None

    @property
    def tp(self) -> Partition:
        return (self.topic, self.partition)

    def ack(self, consumer: Any) -> bool:
        return bool(consumer.ack(self))


@dataclass(frozen=True)
class FakeEvent:
    """An event of a stream: its message, and the message's key."""

    message: FakeMessage = field(repr=False)

    @property
    def key(self) -> bytes | None:
        return self.message.key


def event(
    value: bytes | None = b"{}",
    *,
    key: bytes | None = b"acme/c-1",
    topic: str = "in",
    partition: int = 0,
    offset: int = 0,
    headers: list[tuple[str, bytes]] | dict[str, bytes] | None = None,
    generation_id: int | None = 1,
    timestamp: float | None = None,
) -> FakeEvent:
    return FakeEvent(FakeMessage(topic, partition, offset, key, value, headers, generation_id, timestamp))
