"""Dead letters purged from an Apache Kafka, and cut ones sent back whole: no worker is needed for either."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin.records_to_delete import RecordsToDelete

from signalstream.cli.dead_letters import Filed
from signalstream.cli.dlq_log import read_all
from signalstream.models.dead_letter import DeadLetter, Origin
from signalstream.settings import Settings, load_settings
from signalstream.streaming.dead_letters import MAX_LETTER_BYTES, whole
from signalstream.streaming.preflight import ensure
from signalstream.streaming.values import encode
from tests.cli.command import assert_one_line, signalstream
from tests.cli.letters import letter
from tests.conftest import TopicNames
from tests.kafka.broker import KafkaBroker
from tests.kafka.direct import administering, everything

pytestmark = pytest.mark.kafka
PARTITIONS = 2
ACME, ZETA = b"acme/c-1", b"zeta/c-9"
LARGE = b"x" * (MAX_LETTER_BYTES + 100_000)
TEN_DAYS_MS = 10 * 86_400_000  # old, and within the retention: else the broker would delete them itself


@dataclass(frozen=True)
class Operator:
    """Who files letters, looks at the topics, and types commands."""

    settings: Settings
    environment: dict[str, str]
    folder: Path

    def type(self, *words: str) -> str:
        done = signalstream("dlq", *words, folder=self.folder, settings=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *words: str, because: tuple[str, ...]) -> None:
        assert_one_line(signalstream("dlq", *words, folder=self.folder, settings=self.environment), *because)

    def topic(self, name: str) -> TopicPartition:
        return TopicPartition(f"{self.settings.topic_prefix}.{name}", 0)

    async def file(self, *values: bytes, topic: str = "dlq") -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.settings.kafka_brokers[0], acks="all") as producer:
            old = int(time.time() * 1000) - TEN_DAYS_MS
            for value in values:
                await producer.send_and_wait(self.topic(topic).topic, value, key=ACME, partition=0, timestamp_ms=old)

    async def records(self, topic: str) -> list[ConsumerRecord]:
        """Return what any consumer can read of a topic."""
        partitions = [self.topic(topic)._replace(partition=number) for number in range(PARTITIONS)]
        return await everything(self.settings.kafka_brokers[0], partitions)

    async def redriven(self) -> list[tuple[bytes | None, bytes | None]]:
        found = await self.records("messages.raw")
        return [(each.key, each.value) for each in found if "redriven" in dict(each.headers)]

    async def forget(self, topic: str, before: int) -> None:
        """Do what retention does."""
        async with administering(self.settings.kafka_brokers[0]) as admin:
            await admin.delete_records({self.topic(topic): RecordsToDelete(before)})

    async def bytes_of(self, tenant: bytes) -> int:
        """Return how many records of the topic hold a letter of a tenant."""
        letters = [json.loads(each.value) for each in await self.records("dlq") if each.value.startswith(b"{")]
        return sum(DeadLetter.model_validate(each).key == tenant for each in letters if "reason" in each)

    async def letters(self) -> dict[str, Filed]:
        return {each.id: each for each in await read_all(self.settings)}


@pytest.fixture
def operator(kafka: KafkaBroker, topic_names: TopicNames, tmp_path: Path) -> Operator:
    environment = {
        **topic_names.environment(),
        "SIGNALSTREAM_KAFKA_BROKERS": kafka.bootstrap,
        "SIGNALSTREAM_PARTITIONS": str(PARTITIONS),
    }
    settings = load_settings(
        kafka_brokers=kafka.bootstrap,
        partitions=PARTITIONS,
        app_id=topic_names.app_id,
        topic_prefix=topic_names.topic_prefix,
        encryption="off",
    )
    asyncio.run(ensure(settings))
    return Operator(settings, environment, tmp_path)


def of(key: bytes, minutes: int = 0) -> bytes:
    return encode(letter(key=key, minutes=minutes))


async def test_purged_letters_can_be_read_by_nobody_and_the_others_are_as_they_were(operator: Operator) -> None:
    await operator.file(of(ZETA, 0), of(ACME, 1), b"not a letter", of(ZETA, 3), of(ACME, 4), of(ZETA, 5))
    before = await operator.letters()

    said = await asyncio.to_thread(operator.type, "purge", "--tenant", "acme", "--yes")

    assert "purged 2 dead letters" in said
    assert "left out, since they name no tenant: 0-2;" in said
    assert await operator.bytes_of(ACME) == 0
    after = await operator.letters()
    assert sorted(after) == ["0-0", "0-2", "0-3", "0-5"]
    for name, each in after.items():
        assert (each.letter, each.time, each.redriven_at) == (before[name].letter, before[name].time, None)

    await asyncio.to_thread(operator.type, "purge", "0-2", "0-0", "--yes")  # by the ids that they had before
    assert sorted(await operator.letters()) == ["0-3", "0-5"]


async def test_two_purges_at_once_leave_nothing_of_either_and_lose_no_letter_that_comes_meanwhile(
    operator: Operator,
) -> None:
    await operator.file(*[of(key, number) for number in range(40) for key in (ACME, ZETA, b"stays/c-2")])

    async def new_letters() -> None:
        for _ in range(20):
            await operator.file(of(b"new/c-3"))
            await asyncio.sleep(0.1)

    await asyncio.gather(
        asyncio.to_thread(operator.type, "purge", "--tenant", "acme", "--yes"),
        asyncio.to_thread(operator.type, "purge", "--tenant", "zeta", "--yes"),
        new_letters(),
    )

    assert (await operator.bytes_of(ACME), await operator.bytes_of(ZETA)) == (0, 0)
    keys = [each.letter.key for each in (await operator.letters()).values() if each.letter]
    assert (keys.count(b"stays/c-2"), keys.count(b"new/c-3"), len(keys)) == (40, 20, 60)


async def test_a_cut_letter_is_sent_back_whole_or_not_at_all(operator: Operator) -> None:
    origin = Origin(topic=operator.topic("messages.raw").topic, partition=0, offset=1)
    await operator.file(b"another", LARGE, topic="messages.raw")
    cut = letter(value=LARGE[:MAX_LETTER_BYTES], whole=whole(LARGE), origin=origin)
    await operator.file(encode(cut))

    assert "0-0 sent to" in await asyncio.to_thread(operator.type, "redrive", "0-0")

    assert await operator.redriven() == [(ACME, LARGE)]
    await operator.forget("messages.raw", before=2)
    place = (origin.topic, "partition 0", "offset 1", f"{MAX_LETTER_BYTES} of the {len(LARGE)} bytes")
    await asyncio.to_thread(lambda: operator.refused("redrive", "0-0", because=place))
    assert len(await operator.redriven()) <= 1
