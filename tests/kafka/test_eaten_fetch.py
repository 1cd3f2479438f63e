"""A fetch that is lost at the very end of a log, on Apache Kafka, with the real consumer thread."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from signalstream.settings import Settings
from signalstream.streaming.application import SignalApp, new_app
from signalstream.streaming.consumer import MendedConsumer, MendedTransport
from signalstream.streaming.preflight import ensure
from signalstream.topics import RAW, topic_name
from tests.client import eventually
from tests.conftest import TopicNames
from tests.kafka.broker import KafkaBroker

pytestmark = pytest.mark.kafka


class EatingConsumer(MendedConsumer):
    """Throws the next records away that a fetch brings, as a rebalance at the wrong moment does."""

    hungry = False

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:
        records = await super()._getmany(active_partitions, timeout)
        if records and self.hungry:
            self.hungry = False
            return {}
        return records


class EatingTransport(MendedTransport):
    Consumer = EatingConsumer


async def test_the_last_record_of_a_log_is_delivered_though_a_fetch_threw_it_away(
    kafka: KafkaBroker, topic_names: TopicNames, tmp_path: Path
) -> None:
    settings = Settings(kafka_brokers=(kafka.bootstrap,), data_dir=tmp_path, partitions=1, **vars(topic_names))
    await ensure(settings)
    app = new_app(settings.app_id, settings)
    app.transport = EatingTransport(app.conf.broker_consumer, app)
    seen: list[bytes] = []
    collect(app, topic_name(RAW, settings), seen)
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer, app:
        await producer.send_and_wait(topic_name(RAW, settings), b"first", partition=0)
        await eventually(seen_all(seen, [b"first"]), "the first record")
        app.consumer.hungry = True

        await producer.send_and_wait(topic_name(RAW, settings), b"last", partition=0)

        await eventually(seen_all(seen, [b"first", b"last"]), "the record that was thrown away", 15)
        assert not app.consumer.hungry


def collect(app: SignalApp, topic: str, seen: list[bytes]) -> None:
    async def read(stream: Any) -> None:
        async for value in stream:
            seen.append(value)  # noqa: PERF401 - the stream has no end, and the test looks in between

    app.agent(app.topic(topic, value_type=bytes), name="collect")(read)


def seen_all(seen: list[bytes], wanted: list[bytes]) -> Any:
    async def look() -> bool | None:
        await asyncio.sleep(0)
        return True if seen == wanted else None

    return look
