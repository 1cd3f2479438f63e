from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from signalstream.settings import Settings, load_settings
from signalstream.streaming.embedded import EmbeddedBroker
from signalstream.streaming.preflight import ensure
from signalstream.streaming.values import encode
from tests.cli.command import assert_one_line, signalstream
from tests.cli.letters import RAW, letter

pytestmark = pytest.mark.embedded


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Give a broker whose dead letter topic holds two letters and one record that is none, in this order."""
    with EmbeddedBroker(tmp_path / "broker.log") as broker:
        chosen = load_settings(kafka_brokers=broker.bootstrap, partitions=3)
        asyncio.run(_file(chosen))
        yield chosen


async def _file(settings: Settings) -> None:
    await ensure(settings)
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_brokers[0]) as producer:
        await producer.send_and_wait("support.dlq", encode(letter()), partition=0)
        await producer.send_and_wait("support.dlq", encode(letter(reason="exhausted", stage="pii")), partition=2)
        await producer.send_and_wait("support.dlq", b"no letter", partition=2)


async def _raw_records(settings: Settings) -> list[ConsumerRecord]:
    partitions = [TopicPartition(RAW, number) for number in range(settings.partitions)]
    async with AIOKafkaConsumer(bootstrap_servers=settings.kafka_brokers[0], auto_offset_reset="earliest") as consumer:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        records: list[ConsumerRecord] = []
        while len(records) < sum(ends.values()):
            batches = await consumer.getmany(timeout_ms=500)
            records += [record for batch in batches.values() for record in batch]
        return records


def told(settings: Settings) -> dict[str, str]:
    return {"SIGNALSTREAM_KAFKA_BROKERS": settings.kafka_brokers[0], "SIGNALSTREAM_PARTITIONS": "3"}


def test_letters_are_listed_shown_and_sent_back_to_where_they_came_from(settings: Settings, tmp_path: Path) -> None:
    listed = signalstream("dlq", "list", folder=tmp_path, settings=told(settings))
    assert listed.returncode == 0, listed.stderr
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["id", "0-0", "2-0", "2-1"]
    assert "unreadable" in listed.stdout
    shown = signalstream("dlq", "show", "0-0", "--value", folder=tmp_path, settings=told(settings))
    assert json.loads(shown.stdout)["conversation"] == "acme/c-1"
    assert_one_line(signalstream("dlq", "show", "1-0", folder=tmp_path, settings=told(settings)), "1-0", "dlq list")

    dry = signalstream("dlq", "redrive", "--all", "--dry-run", folder=tmp_path, settings=told(settings))
    assert "would send back 2 dead letters" in dry.stdout
    assert "left out: 1 unreadable" in dry.stdout
    assert asyncio.run(_raw_records(settings)) == []

    sent = signalstream("dlq", "redrive", "--agent", "pii", folder=tmp_path, settings=told(settings))
    assert sent.returncode == 0, sent.stderr
    assert "sent back 1 dead letter." in sent.stdout
    assert "stay listed" in sent.stdout
    (record,) = asyncio.run(_raw_records(settings))
    assert (record.key, record.value) == (b"acme/c-1", b"\xffoops")
    assert dict(record.headers) == {"correlation_id": b"req-7", "redriven": b"2-0"}

    listed = json.loads(signalstream("dlq", "list", "--json", folder=tmp_path, settings=told(settings)).stdout)
    assert [each["id"] for each in listed] == ["0-0", "2-0", "2-1"]
    assert [each["id"] for each in listed if "redriven_at" in each] == ["2-0"]
    more = signalstream("dlq", "redrive", "--all", "--dry-run", folder=tmp_path, settings=told(settings))
    assert "0-0 would go to" in more.stdout
    assert "2-0 would go to" not in more.stdout
    assert "left out: 1 sent back before; --again" in more.stdout
    again = signalstream("dlq", "redrive", "--all", "--again", "--dry-run", folder=tmp_path, settings=told(settings))
    assert "would send back 2 dead letters" in again.stdout


def test_the_same_words_mean_the_same_letters_to_list_redrive_and_purge(settings: Settings, tmp_path: Path) -> None:
    words = ["--tenant", "acme", "--reason", "exhausted", "--stage", "pii", "--since", "2026-01-31", "--until", "1s"]
    listed = signalstream("dlq", "list", *words, "--json", folder=tmp_path, settings=told(settings))
    assert [each["id"] for each in json.loads(listed.stdout)] == ["2-0"]
    sent = signalstream("dlq", "redrive", *words, "--dry-run", folder=tmp_path, settings=told(settings))
    assert "2-0 would go to support.messages.raw\nwould send back 1 dead letter; nothing was sent" in sent.stdout
    purged = signalstream("dlq", "purge", *words, "--dry-run", folder=tmp_path, settings=told(settings))
    assert [line.split()[0] for line in purged.stdout.splitlines()] == ["id", "2-0", "would"]
    whose = signalstream("dlq", "purge", "--tenant", "acme", "--dry-run", folder=tmp_path, settings=told(settings))
    assert "left out, since they name no tenant: 2-1;" in whose.stdout


def test_a_purge_asks_first_and_a_broker_that_cannot_delete_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    assert_one_line(signalstream("dlq", "purge", "--all", folder=tmp_path, settings=told(settings)), "--yes")
    refused = signalstream("dlq", "purge", "--all", "--yes", folder=tmp_path, settings=told(settings))
    assert_one_line(refused, "the embedded broker cannot", "retention")
    listed = json.loads(signalstream("dlq", "list", "--json", folder=tmp_path, settings=told(settings)).stdout)
    assert [each["id"] for each in listed] == ["0-0", "2-0", "2-1"]
    assert not any("purge_began_at" in each for each in listed)


@pytest.mark.parametrize("words", [["redrive"], ["purge", "0-0", "--all"]])
def test_redrive_and_purge_want_to_be_told_which_letters(tmp_path: Path, words: list[str]) -> None:
    assert_one_line(signalstream("dlq", *words, folder=tmp_path), "--all", "--tenant")


def test_a_time_that_is_none_is_said_before_a_broker_is_asked(tmp_path: Path) -> None:
    assert_one_line(signalstream("dlq", "list", "--since", "soon", folder=tmp_path), "--since", "'soon'", "2h")
