from __future__ import annotations

import pytest
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from signalstream.settings import Settings
from signalstream.streaming.versions import BUILDING, BUILT, raw_partitions, unbuilt
from signalstream.topics import TABLES, changelog_name

SETTINGS = Settings(_env_file=None, partitions=2)
FIRST, SECOND = raw_partitions(SETTINGS)


def commits(**notes: str) -> dict[TopicPartition, OffsetAndMetadata]:
    known = {"first": FIRST, "second": SECOND}
    return {known[name]: OffsetAndMetadata(7, note) for name, note in notes.items()}


def test_the_first_version_keeps_the_names_that_it_has_always_had() -> None:
    assert SETTINGS.core_id() == "signalstream"
    assert [changelog_name(table, SETTINGS) for table in TABLES] == [
        "signalstream-conversations-changelog",
        "signalstream-insights-changelog",
        "signalstream-windows-changelog",
        "signalstream-erasures-changelog",
    ]


def test_another_version_has_a_group_and_changelogs_of_its_own_and_the_same_topics() -> None:
    other = SETTINGS.model_copy(update={"app_version": 2})
    assert other.core_id() == "signalstream-v2"
    assert changelog_name("insights", other) == "signalstream-v2-insights-changelog"
    assert raw_partitions(other) == raw_partitions(SETTINGS)


@pytest.mark.parametrize(
    "notes",
    [{"first": BUILT, "second": BUILT}, {"first": "", "second": ""}, {"first": BUILT, "second": ""}],
    ids=["made", "has served", "serves since a moment ago"],
)
def test_a_version_may_serve_once_every_partition_is_complete(notes: dict[str, str]) -> None:
    assert unbuilt(commits(**notes), 2) is None


@pytest.mark.parametrize(
    ("notes", "reason"),
    [
        ({}, "have not been made"),
        ({"first": BUILT}, "not been made to the end"),
        ({"first": BUILT, "second": BUILDING}, "not been made to the end"),
    ],
)
def test_a_version_that_is_not_complete_may_not_serve(notes: dict[str, str], reason: str) -> None:
    assert reason in str(unbuilt(commits(**notes), 2))
