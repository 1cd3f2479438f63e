from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from signalstream.cli.topics import found, refuse, retention, wanted
from signalstream.errors import ConfigurationError
from signalstream.settings import load_settings
from signalstream.streaming.embedded import EmbeddedBroker
from signalstream.streaming.preflight import Report, TopicRow
from signalstream.topics import all_topics
from tests.cli.command import assert_one_line, signalstream

DELETE = {"cleanup.policy": "delete", "retention.ms": "604800000"}
SAME = TopicRow("support.messages.raw", 8, 8, DELETE, DELETE)
MISSING = TopicRow("support.dlq", 8, None, DELETE, {})
FEWER = TopicRow("support.ai.pii", 8, 3, DELETE, {"cleanup.policy": "compact", "retention.ms": "-1"})


def shown(table: Table) -> str:
    console = Console(width=220)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(604_800_000, "7 d"), ("86400000", "1 d"), (7_200_000, "2 h"), (90_000, "90000 ms"), ("-1", "forever"),
     (None, "-"), ("", "-"), (0, "0 ms")],
)  # fmt: skip
def test_a_retention_is_told_in_the_largest_unit_that_fits(milliseconds: str | int | None, words: str) -> None:
    assert retention(milliseconds) == words


def test_the_list_has_every_topic_and_changelog_with_who_writes_and_reads() -> None:
    settings = load_settings()
    listed = shown(wanted(settings))
    assert all(spec.name in listed for spec in all_topics(settings))
    assert "sentiment, pii, insights, summary, language" in listed


def test_what_differs_is_shown_beside_what_is_wanted() -> None:
    lines = shown(found(Report((SAME, MISSING, FEWER)))).splitlines()
    assert lines[1].split() == ["support.messages.raw", "8", "delete", "7", "d", "ok"]
    assert "missing" in lines[2]
    assert "3 (wanted 8)" in lines[3]
    assert "compact (wanted delete)" in lines[3]
    assert "forever (wanted 7 d)" in lines[3]
    assert "mismatch" in lines[3]


def test_a_report_without_problems_passes() -> None:
    refuse(Report((SAME,)))


def test_missing_topics_are_counted_and_differing_ones_explained() -> None:
    with pytest.raises(ConfigurationError, match=r"1 of 2 topics.*topics create"):
        refuse(Report((SAME, MISSING)))
    with pytest.raises(ConfigurationError, match=r"support.ai.pii has 3 partitions"):
        refuse(Report((SAME, FEWER)))


@pytest.mark.embedded
def test_topics_are_missed_created_and_found(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path / "broker.log") as broker:
        settings = {"SIGNALSTREAM_KAFKA_BROKERS": broker.bootstrap, "SIGNALSTREAM_PARTITIONS": "3"}
        assert_one_line(signalstream("topics", "check", folder=tmp_path, settings=settings), "topics create")
        created = signalstream("topics", "create", folder=tmp_path, settings=settings)
        assert created.returncode == 0, created.stderr
        assert "created: " in created.stdout
        assert signalstream("topics", "check", folder=tmp_path, settings=settings).returncode == 0
        again = signalstream("topics", "create", folder=tmp_path, settings=settings)
        assert "nothing to create" in again.stdout
        more = settings | {"SIGNALSTREAM_PARTITIONS": "5"}
        assert_one_line(signalstream("topics", "check", folder=tmp_path, settings=more), "SIGNALSTREAM_PARTITIONS")
