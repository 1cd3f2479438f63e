from __future__ import annotations

from pathlib import Path

import pytest

from signalstream.core import diagnosis
from signalstream.core.diagnosis import (
    DELIVERY_TESTS,
    DiskFacts,
    Finding,
    GroupFacts,
    LetterFacts,
    Level,
    TopicFacts,
    WorkerFacts,
)

URL = "http://127.0.0.1:8000"
GOOD, MISSING = TopicFacts("a", "ok"), TopicFacts("b", "missing", ("topic b does not exist",))
OTHER = TopicFacts("c", "mismatch", ("topic c has 3 partitions",))


def group(members: int = 1, lag: int = 0, oldest: float | None = None, lost: int = 0) -> GroupFacts:
    return GroupFacts("signalstream-pii", "pii", "Stable", members, lag, oldest, lost)


def test_another_version_than_the_tested_one_is_a_loud_warning_that_names_tests_which_exist() -> None:
    found = diagnosis.of_packages({"faust-streaming": "0.16.0", "rocksdict": "1"}, {"faust-streaming": "0.15.3"})
    assert [each.level for each in found] == [Level.WARN, Level.OK]
    assert "NOT TESTED" in found[0].found
    assert DELIVERY_TESTS in found[0].remedy
    assert all((Path(__file__).parents[2] / path).exists() for path in DELIVERY_TESTS.split())


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        (group(), Level.OK),
        (group(lag=100, oldest=2), Level.OK),
        (group(lag=100, oldest=90), Level.WARN),
        (group(members=0), Level.WARN),
        (group(members=0, lag=1, oldest=1), Level.FAIL),
        (group(lost=1), Level.FAIL),
    ],
)
def test_a_group_fails_when_records_wait_for_nobody_or_are_gone(facts: GroupFacts, level: Level) -> None:
    found = diagnosis.of_group(facts)
    assert found.level is level
    assert bool(found.remedy) is (level is not Level.OK)


@pytest.mark.parametrize(
    ("topics", "create", "levels"),
    [
        ([GOOD], True, [Level.OK]),
        ([OTHER, GOOD], True, [Level.FAIL, Level.OK]),
        ([MISSING, GOOD], True, [Level.FAIL, Level.OK]),
        ([MISSING], True, [Level.WARN, Level.OK]),
        ([MISSING], False, [Level.FAIL, Level.OK]),
    ],
    ids=["good", "different", "one is gone", "nothing yet", "nothing yet and nobody makes it"],
)
def test_a_topic_that_is_gone_or_different_fails(topics: list[TopicFacts], create: bool, levels: list[Level]) -> None:
    assert [each.level for each in diagnosis.of_topics(topics, create)] == levels


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        (WorkerFacts(URL, None), Level.OK),
        (WorkerFacts(URL, ""), Level.FAIL),
        (WorkerFacts(URL, "ok", "0.1.0"), Level.OK),
        (WorkerFacts(URL, "degraded", "0.1.0", ("disk low",)), Level.WARN),
    ],
)
def test_the_own_port_is_free_or_a_workers(facts: WorkerFacts, level: Level) -> None:
    assert diagnosis.of_port(facts).level is level


@pytest.mark.parametrize("status", [None, ""])
def test_a_worker_that_others_cannot_reach_fails(status: str | None) -> None:
    found = diagnosis.of_worker(WorkerFacts(URL, status))
    assert found.level is Level.FAIL
    assert "SIGNALSTREAM_ADVERTISED_URL" in found.remedy


@pytest.mark.parametrize(
    ("status", "level"),
    [("ok", Level.OK), ("absent", Level.OK), ("low", Level.WARN), ("read-only", Level.FAIL)],
)
def test_the_data_directory_is_judged_by_its_disk(status: str, level: Level) -> None:
    found = diagnosis.of_disk(DiskFacts("data", status, 700, 20, {"windows": (1, 3)}))
    assert found.level is level
    if status == "ok":
        assert found.found == "data: 700 MB free, 20 MB used (partitions of windows: 1,3)"


def test_dead_letters_are_a_warning_with_the_newest_ones_age_and_reason() -> None:
    assert diagnosis.of_letters(LetterFacts(0)).level is Level.OK
    found = diagnosis.of_letters(LetterFacts(12, 7_200, "undecodable"))
    assert (found.level, found.found) == (Level.WARN, "12, the newest 2 h ago (undecodable)")


def test_a_slow_broker_and_missing_speedups_are_warnings() -> None:
    assert diagnosis.of_broker(0.01, 3, "Kafka").found == "Kafka, 3 nodes, answers in 10 ms"
    assert diagnosis.of_broker(2.0, 1, "Kafka").level is Level.WARN
    assert diagnosis.of_speedups(["faust._cython.streams"]).level is Level.WARN
    assert diagnosis.of_speedups([]).level is Level.OK


def test_only_a_failure_counts_as_broken() -> None:
    assert not diagnosis.failed([Finding("a", Level.OK, ""), Finding("b", Level.WARN, "")])
    assert diagnosis.failed([Finding("a", Level.OK, ""), Finding("b", Level.FAIL, "")])


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (120, "2 min"), (7_200, "2 h"), (200_000, "2 d")]
)
def test_a_span_is_told_in_the_largest_unit_that_it_fills(seconds: float, words: str) -> None:
    assert diagnosis.duration(seconds) == words
