from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import TopicPartition
from faust.streams import _current_event
from faust.types import TP

from signalstream.errors import BrokerUnavailableError
from signalstream.streaming.confirmed_table import ConfirmedTable
from signalstream.streaming.pool import Abandoned
from tests.streaming.events import event

KEY = b"acme/c-1"


class Sent(asyncio.Future[None]):
    """A changelog record on its way."""

    def __init__(self, value: bytes | None) -> None:
        super().__init__()
        self.value = value
        self.message = SimpleNamespace(partition=0)


@dataclass
class ChangelogTopic:
    """Keeps what is sent until the test lets it arrive or fail."""

    sent: list[Sent] = field(default_factory=list)

    def get_topic_name(self) -> str:
        return "confirmed-rows-changelog"

    def send_soon(self, *, value: bytes | None, **_: Any) -> Sent:
        self.sent.append(Sent(value))
        return self.sent[-1]


@pytest.fixture
async def changelog() -> ChangelogTopic:
    return ChangelogTopic()


@pytest.fixture
async def table(changelog: ChangelogTopic) -> AsyncIterator[ConfirmedTable]:
    app = faust.App("confirmed", store="memory://", autodiscover=False)
    made = ConfirmedTable(app, name="rows", key_type=bytes, value_type=bytes, partitions=1)
    made.changelog_topic = changelog
    made.use_partitioner = True  # outside of an event there is no partition to take it from
    return made


async def test_a_key_with_nothing_on_its_way_is_confirmed_at_once_and_nothing_is_sent(
    table: ConfirmedTable, changelog: ChangelogTopic
) -> None:
    await asyncio.wait_for(table.confirmed(KEY), 1)
    assert changelog.sent == []


async def test_a_row_is_confirmed_once_its_newest_record_has_arrived(
    table: ConfirmedTable, changelog: ChangelogTopic
) -> None:
    table[KEY] = b"1"
    table[KEY] = b"2"
    waiting = asyncio.create_task(table.confirmed(KEY))
    changelog.sent[0].set_result(None)
    await asyncio.sleep(0.01)
    assert not waiting.done()
    changelog.sent[1].set_result(None)
    await asyncio.wait_for(waiting, 1)
    assert not table._on_their_way


async def test_a_record_that_does_not_arrive_is_said_and_sent_again_at_the_next_try(
    table: ConfirmedTable, changelog: ChangelogTopic
) -> None:
    table[KEY] = b"1"
    changelog.sent[0].set_exception(KafkaTimeoutError())
    with pytest.raises(BrokerUnavailableError, match="rows"):
        await table.confirmed(KEY)
    again = asyncio.create_task(table.confirmed(KEY))
    await asyncio.sleep(0.01)
    assert [each.value for each in changelog.sent] == [b"1", b"1"]
    changelog.sent[1].set_result(None)
    await asyncio.wait_for(again, 1)


async def test_a_waiter_that_is_cancelled_leaves_the_record_on_its_way(
    table: ConfirmedTable, changelog: ChangelogTopic
) -> None:
    table[KEY] = b"1"
    waiting = asyncio.create_task(table.confirmed(KEY))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not changelog.sent[0].cancelled()


async def test_a_standbys_copy_is_never_written(table: ConfirmedTable, changelog: ChangelogTopic) -> None:
    table.app.tables.recovery.standby_tps.add(TP(table.changelog_topic_name, 3))
    with pytest.raises(Abandoned):
        table.send_changelog(3, KEY, b"row")
    assert changelog.sent == []
    table.send_changelog(2, KEY, b"row")
    assert len(changelog.sent) == 1


async def test_a_late_record_of_the_time_as_owner_does_not_move_a_copy_on(table: ConfirmedTable) -> None:
    stored = []
    table._data = SimpleNamespace(set_persisted_offset=lambda tp, offset: stored.append((tp.partition, offset)))
    table.app.tables.recovery.standby_tps.add(TP(table.changelog_topic_name, 3))
    for partition in (2, 3):
        arrived: asyncio.Future[Any] = asyncio.Future()
        arrived.set_result(SimpleNamespace(topic_partition=TP(table.changelog_topic_name, partition), offset=7))
        table._on_changelog_sent(arrived)
    assert stored == [(2, 7)]


@dataclass
class ShortWay:
    """A poster that keeps what is posted, until the test lets it arrive; ``closed``, it takes nothing."""

    closed: bool = False
    posted: list[tuple[TopicPartition, bytes, bytes | None, asyncio.Future[Any]]] = field(default_factory=list)

    def post_to(self, place: TopicPartition, key: bytes, value: bytes | None) -> asyncio.Future[Any] | None:
        if self.closed:
            return None
        self.posted.append((place, key, value, asyncio.get_running_loop().create_future()))
        return self.posted[-1][3]


@pytest.fixture
async def short(tmp_path: Path, changelog: ChangelogTopic) -> AsyncIterator[tuple[ConfirmedTable, ShortWay]]:
    """Give a table on disk, within an event of its partition 0, whose app has a producer with a short way."""
    app, way, at_hand = (
        faust.App("short", store="rocksdb://", datadir=str(tmp_path), autodiscover=False),
        ShortWay(),
        event(),
    )
    app._producer = SimpleNamespace(poster=way)
    made = ConfirmedTable(app, name="rows", key_type=bytes, value_type=bytes, partitions=1)
    made.changelog_topic = changelog
    made._verified_source_topics_for_partitions.add(at_hand.message.topic)
    token = _current_event.set(weakref.ref(at_hand))
    yield made, way
    _current_event.reset(token)
    await made.data.stop()


async def test_the_short_way_carries_rows_and_tombstones_and_keeps_how_far_they_are_stored(
    short: tuple[ConfirmedTable, ShortWay], changelog: ChangelogTopic
) -> None:
    table, way = short
    table[KEY] = b"1"
    del table[KEY]
    place = TopicPartition(table.changelog_topic_name, 0)
    assert [each[:3] for each in way.posted] == [(place, KEY, b"1"), (place, KEY, None)]
    assert changelog.sent == []
    waiting = asyncio.create_task(table.confirmed(KEY))
    way.posted[0][3].set_result(SimpleNamespace(offset=6))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    way.posted[1][3].set_result(SimpleNamespace(offset=7))
    await asyncio.wait_for(waiting, 1)
    await asyncio.sleep(0)
    assert table.data.persisted_offset(TP(place.topic, 0)) == 7


async def test_what_fails_on_the_short_way_is_said_and_sent_again(short: tuple[ConfirmedTable, ShortWay]) -> None:
    table, way = short
    table[KEY] = b"1"
    way.posted[0][3].set_exception(KafkaTimeoutError())
    with pytest.raises(BrokerUnavailableError, match="rows"):
        await table.confirmed(KEY)
    again = asyncio.create_task(table.confirmed(KEY))
    await asyncio.sleep(0.01)
    assert [each[2] for each in way.posted] == [b"1", b"1"]
    way.posted[1][3].set_result(SimpleNamespace(offset=7))
    await asyncio.wait_for(again, 1)


async def test_what_the_short_way_does_not_take_goes_the_long_one(
    short: tuple[ConfirmedTable, ShortWay], changelog: ChangelogTopic
) -> None:
    table, way = short
    way.closed = True
    table[KEY] = b"1"
    assert [each.value for each in changelog.sent] == [b"1"]
    assert table.get(KEY) == b"1"
    assert table.get(b"acme/none") is None


async def test_a_standbys_copy_is_not_written_the_short_way_either(short: tuple[ConfirmedTable, ShortWay]) -> None:
    table, way = short
    table.app.conf.table_standby_replicas = 1
    table.app.tables.recovery.standby_tps.add(TP(table.changelog_topic_name, 0))
    with pytest.raises(Abandoned):
        table[KEY] = b"row"
    assert way.posted == []
    assert table.get(KEY) is None
