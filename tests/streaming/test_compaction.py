"""Waiting for a broker's cleaner: on Apache Kafka, for the claim is about what that does."""

from __future__ import annotations

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic

from signalstream.errors import BrokerUnavailableError
from signalstream.streaming.clients import Connection
from signalstream.streaming.compaction import until_compacted
from signalstream.streaming.replica import write_rows
from signalstream.topics import SOON_COMPACTED
from tests.conftest import TopicNames
from tests.kafka.broker import KafkaBroker
from tests.kafka.direct import administering, everything


@pytest.mark.kafka
async def test_what_was_replaced_is_given_out_by_nobody_afterwards_and_what_stays_is_counted(
    kafka: KafkaBroker, topic_names: TopicNames
) -> None:
    topic, broker = f"{topic_names.topic_prefix}.vault", Connection((kafka.bootstrap,))
    async with administering(kafka.bootstrap) as admin:
        config = {"cleanup.policy": "compact", **dict(SOON_COMPACTED)}
        await admin.create_topics([NewTopic(topic, 1, 1, topic_configs=config)])
    await write_rows(broker, topic, [(b"a", b"old"), (b"b", b"stays"), (b"c", b"old"), (b"a", None), (b"c", b"new")])

    assert await until_compacted(broker, topic, 1, lambda _, value: value == b"old", 30) == 0

    left = {(each.key, each.value) for each in await everything(kafka.bootstrap, [TopicPartition(topic, 0)])}
    assert {(b"b", b"stays"), (b"c", b"new")} <= left
    assert b"old" not in {value for _, value in left}
    assert await until_compacted(broker, topic, 1, lambda _, value: value == b"stays", 0) == 1


async def test_a_broker_that_is_away_is_said_so() -> None:
    with pytest.raises(BrokerUnavailableError, match="still has of vault"):
        await until_compacted(Connection(("127.0.0.1:1",)), "vault", 1, lambda *_: True, 1)
