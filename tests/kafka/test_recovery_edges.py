"""Changelogs on Apache Kafka whose end is no record, or not where local rows say: recovery ends, and says how."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from signalstream.settings import Settings
from signalstream.streaming.application import SignalApp, new_app
from tests.conftest import TopicNames
from tests.kafka.broker import KafkaBroker
from tests.kafka.direct import administering

pytestmark = pytest.mark.kafka
READY_SECONDS = 20.0
CLEANED_SECONDS = 30.0
STOP_SECONDS = 15.0
SEGMENT_SECONDS = 0.2  # longer than a segment of an eagerly compacted log
CLEANING_SECONDS = 0.5  # longer than what such a log waits for its cleaning
EAGERLY_COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "0",
}


class Deployment:
    """An app with one table on ``partitions`` partitions, which can be started again on its own data."""

    def __init__(self, broker: KafkaBroker, names: TopicNames, directory: Path, partitions: int = 1) -> None:
        self.bootstrap = broker.bootstrap
        self.app_id = names.app_id
        self.source = f"{names.topic_prefix}.in"
        self.changelog = f"{names.app_id}-rows-changelog"
        self.partitions = partitions
        self.directory = directory

    async def create(self, **config: str) -> None:
        async with administering(self.bootstrap) as admin:
            policy = {"cleanup.policy": "compact", **config}
            await admin.create_topics([NewTopic(self.changelog, self.partitions, 1, topic_configs=policy)])
            await admin.create_topics([NewTopic(self.source, self.partitions, 1)])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[tuple[SignalApp, Any]]:
        """Give the app, ready, and its table."""
        settings = Settings(
            _env_file=None, kafka_brokers=self.bootstrap, data_dir=self.directory, partitions=self.partitions
        )
        app = new_app(self.app_id, settings)
        table = app.Table("rows", key_type=bytes, value_type=bytes, partitions=self.partitions)

        async def copy(stream: Any) -> None:
            source = stream.noack()
            async for event in source.events():
                table[event.message.key] = event.message.value
                await table.confirmed(event.message.key)
                await source.ack(event)

        app.agent(app.topic(self.source, key_serializer="raw", value_serializer="raw"), name="copy")(copy)
        app.finalize()
        await app.start()
        try:
            await until(lambda: app.is_ready, "the app to be ready", READY_SECONDS)
            yield app, table
        finally:
            async with asyncio.timeout(STOP_SECONDS):  # an app that recovers for ever would not stop either
                await app.stop()


@pytest.fixture
def deployment(kafka: KafkaBroker, topic_names: TopicNames, tmp_path: Path) -> Deployment:
    return Deployment(kafka, topic_names, tmp_path)


async def until(condition: Any, what: str, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        try:
            while not condition():
                await asyncio.sleep(0.05)
        except asyncio.CancelledError as error:
            error.add_note(f"waited for {what}")
            raise


@asynccontextmanager
async def transactions(deployment: Deployment) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(bootstrap_servers=deployment.bootstrap, transactional_id=deployment.app_id) as producer:
        yield producer


async def write(producer: AIOKafkaProducer, topic: str, rows: dict[bytes, bytes | None], partition: int = 0) -> None:
    async with producer.transaction():
        for key, value in rows.items():
            await producer.send_and_wait(topic, key=key, value=value, partition=partition)


async def taken_back(producer: AIOKafkaProducer, topic: str) -> None:
    """Write a record and abort: once its mark is in a segment of its own, all the others are compacted again."""
    await producer.begin_transaction()
    await producer.send_and_wait(topic, key=b"gone", value=None, partition=0)
    await asyncio.sleep(SEGMENT_SECONDS)
    await producer.abort_transaction()


async def readable(deployment: Deployment, seconds: float = 1.0) -> tuple[list[int], int]:
    """Return the offsets that a consumer is given, and the end of the log."""
    partition = TopicPartition(deployment.changelog, 0)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=deployment.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    async with consumer:
        consumer.assign([partition])
        records = await consumer.getmany(partition, timeout_ms=int(seconds * 1000))
        end = (await consumer.end_offsets([partition]))[partition]
        return [record.offset for record in records.get(partition, [])], end


async def test_recovery_ends_where_compaction_has_removed_a_changelogs_last_records(deployment: Deployment) -> None:
    await deployment.create(**EAGERLY_COMPACTED)
    async with administering(deployment.bootstrap) as admin:
        often = ConfigResource(ConfigResourceType.BROKER, "1", {"log.cleaner.backoff.ms": "200"})
        await admin.alter_configs([often])
    async with transactions(deployment) as producer:
        await write(producer, deployment.changelog, {b"kept": b"1", b"gone": b"1", b"gone too": b"1"})
        await write(producer, deployment.changelog, {b"gone": None, b"gone too": None})
        async with asyncio.timeout(CLEANED_SECONDS):
            while (await readable(deployment))[0] != [0]:
                await taken_back(producer, deployment.changelog)
                await asyncio.sleep(CLEANING_SECONDS)
    offsets, end = await readable(deployment)
    assert end > offsets[-1] + 1

    async with deployment.running() as (_, table):
        assert dict(table.items()) == {b"kept": b"1"}


async def test_recovery_ends_on_a_changelog_that_holds_nothing_but_the_end_of_a_transaction(
    kafka: KafkaBroker, topic_names: TopicNames, tmp_path: Path
) -> None:
    deployment = Deployment(kafka, topic_names, tmp_path, partitions=2)
    await deployment.create(**{"cleanup.policy": "compact,delete"})
    async with transactions(deployment) as producer:
        for partition in range(2):
            await write(producer, deployment.changelog, {b"expired": b"1"}, partition)
    async with administering(deployment.bootstrap) as admin:
        emptied = {TopicPartition(deployment.changelog, 0): RecordsToDelete(before_offset=2)}
        await admin.delete_records(
            emptied | {TopicPartition(deployment.changelog, 1): RecordsToDelete(before_offset=1)}
        )

    async with deployment.running() as (_, table):
        assert dict(table.items()) == {}


async def test_rows_that_go_further_than_a_changelog_made_anew_are_set_aside_and_read_from_it(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    await deployment.create()
    async with AIOKafkaProducer(bootstrap_servers=deployment.bootstrap) as producer:
        async with deployment.running() as (_, table):
            for number in range(5):
                await producer.send_and_wait(deployment.source, key=b"old %d" % number, value=b"1")
            await until(lambda: len(table) == 5, "the rows", READY_SECONDS)
        async with administering(deployment.bootstrap) as admin:
            await admin.delete_topics([deployment.changelog])
        await deployment.create()
        await producer.send_and_wait(deployment.changelog, key=b"new", value=b"2")

        with caplog.at_level(logging.ERROR):
            async with deployment.running() as (app, table):
                assert dict(table.items()) == {b"new": b"2"}
                aside = list(Path(app.conf.tabledir).glob("*.ahead-of-changelog-*"))
                await producer.send_and_wait(deployment.source, key=b"newer", value=b"3")
                await until(lambda: table.get(b"newer") == b"3", "a row after it", READY_SECONDS)
    assert len(aside) == 1
    assert f"their changelog {deployment.changelog} ends at 1" in caplog.text
    assert str(aside[0]) in caplog.text
