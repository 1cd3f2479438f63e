from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from structlog.testing import capture_logs

from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.errors import KeyPendingError
from signalstream.models.live import Update
from signalstream.security.vault import Vault
from signalstream.streaming import tail as tail_module
from signalstream.streaming.clients import Connection
from signalstream.streaming.tail import Tail
from signalstream.streaming.values import encode
from tests.core.analyses import BEGIN
from tests.security.vaults import FIRST, VaultTopic

TOPIC = "aggregated"


class FakeConsumer:
    """A consumer of a topic whose partitions begin and end where the test says."""

    def __init__(self, starts: list[int], ends: list[int]) -> None:
        self.starts, self.ends = starts, ends
        self.sought: dict[int, int] = {}
        self.assigned: list[TopicPartition] = []

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.assigned = partitions

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict(zip(partitions, self.ends, strict=True))

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict(zip(partitions, self.starts, strict=True))

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought[partition.partition] = offset


def record(offset: int, value: bytes | None = None) -> Any:
    update = Update(kind="insight", tenant_id="acme", conversation_id=f"c-{offset}", emitted_at=BEGIN)
    return SimpleNamespace(topic=TOPIC, key=b"acme/c", offset=offset, value=encode(update) if value is None else value)


def tail(applied: list[str], partitions: int = 2, records: int = 10, sealer: Sealer = UNSEALED) -> Tail:
    def apply(update: Update) -> None:
        applied.append(update.conversation_id)

    return Tail(Connection(()), TOPIC, partitions, records, apply, model=Update, sealer=sealer)


async def test_it_begins_a_bounded_number_of_records_before_the_end_of_each_partition():
    consumer = FakeConsumer([0, 98], [100, 100])

    await tail([])._position(consumer)

    assert consumer.sought == {0: 95, 1: 98}
    assert len(consumer.assigned) == 2


async def test_after_an_interruption_it_goes_on_where_it_was():
    applied: list[str] = []
    following = tail(applied)
    await following._position(FakeConsumer([0, 0], [0, 0]))
    following._take(TopicPartition(TOPIC, 1), [record(0), record(1)])
    consumer = FakeConsumer([0, 0], [50, 50])

    await following._position(consumer)

    assert applied == ["c-0", "c-1"]
    assert consumer.sought == {0: 0, 1: 2}


async def test_it_has_caught_up_when_it_has_read_what_was_there_at_the_start():
    following = tail([])
    await following._position(FakeConsumer([0, 0], [0, 2]))
    following._note_progress()
    assert not following.caught_up.is_set()

    following._take(TopicPartition(TOPIC, 1), [record(0), record(1)])
    following._note_progress()

    assert following.caught_up.is_set()


async def test_a_record_that_does_not_decode_is_logged_without_its_content_and_passed_over():
    applied: list[str] = []
    with capture_logs() as logs:
        tail(applied)._take(TopicPartition(TOPIC, 0), [record(0, b'{"canary9137":1}'), record(1)])

    assert applied == ["c-1"]
    assert [(line["event"], line["offset"]) for line in logs] == [("tail.undecodable", 0)]
    assert "canary9137" not in repr(logs)


class Interrupted(Tail):
    """A tail whose reading fails once, then waits."""

    failures: list[BaseException]

    async def _read(self) -> None:
        if self.failures:
            raise self.failures.pop()
        self.caught_up.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize("error", [KafkaConnectionError(), KeyError("a fault of whoever applies")])
async def test_an_interruption_is_logged_and_reading_goes_on(error):
    following = Interrupted((), TOPIC, 1, 10, lambda _: None, model=Update)
    following.failures = [error]
    following.caught_up.set()
    assert following.health() == {"status": "stopped"}

    with capture_logs() as logs:
        await following.start()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert following.health() == {"status": "starting"}
        await asyncio.wait_for(following.caught_up.wait(), tail_module.RETRY_SECONDS + 2)
    assert following.health() == {"status": "ok"}
    await following.stop()

    assert [line["event"] for line in logs] == ["tail.interrupted"]
    assert following.health() == {"status": "stopped"}


async def test_stopping_what_never_started_is_fine():
    never_started = tail([])
    await never_started.stop()
    assert never_started.health() == {"status": "stopped"}


async def test_a_key_that_is_still_to_come_interrupts_the_tail_before_its_record_and_an_erased_one_is_passed():
    topic, applied = VaultTopic(), list[str]()
    vault = topic.vault()
    await vault.prepare(b"acme/c")
    behind = Vault(lambda: FIRST, topic.write, lambda: 0.0, topic.clock)
    following = tail(applied, sealer=behind)
    await following._position(FakeConsumer([0, 0], [0, 0]))
    waiting = [
        SimpleNamespace(topic=TOPIC, key=b"acme/c", offset=number, value=vault.seal(TOPIC, b"acme/c", each.value))
        for number, each in enumerate((record(0), record(1)))
    ]
    with pytest.raises(KeyPendingError):
        following._take(TopicPartition(TOPIC, 1), waiting)
    assert (applied, following._next[TopicPartition(TOPIC, 1)]) == ([], 0)

    for row in topic.log:
        behind.apply(*row)
    following._take(TopicPartition(TOPIC, 1), waiting[:1])
    await behind.destroy("acme")
    following._take(TopicPartition(TOPIC, 1), waiting[1:])

    assert (applied, following._next[TopicPartition(TOPIC, 1)]) == (["c-0"], 2)
