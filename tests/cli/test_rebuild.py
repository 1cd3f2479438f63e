from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from rich.console import Console

from signalstream.cli.rebuild_log import Logs
from signalstream.cli.rebuild_progress import Progressing, estimate, progressing, report
from signalstream.cli.rebuild_rounds import Plan
from signalstream.core.rebuild import Comparison
from signalstream.settings import Settings
from tests.cli.command import assert_one_line, signalstream

OLD = Settings(_env_file=None, partitions=2)
NEW = OLD.model_copy(update={"app_version": 2})
RAW, PII = TopicPartition("support.messages.raw", 0), TopicPartition("support.ai.pii", 0)


def plan(starts: Mapping[TopicPartition, int | None], beginnings: dict[TopicPartition, int]) -> Plan:
    return Plan(0, starts, {RAW: 10, PII: 20}, beginnings, {}, afresh=False)


def said(comparison: Comparison, *, serving: bool) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        report(console, OLD, NEW, comparison, 7, serving=serving)
    return capture.get()


def test_a_plan_counts_from_its_start_or_from_where_the_log_begins() -> None:
    assert plan({RAW: None, PII: None}, {RAW: 4, PII: 0}).records == 6 + 20
    assert plan({RAW: 9, PII: 25}, {RAW: 4, PII: 0}).records == 1


def test_a_plan_knows_which_topics_are_cut_and_which_are_at_rest() -> None:
    made = plan({RAW: 9, PII: 20}, {RAW: 4, PII: 0})
    assert made.cut == {"support.messages.raw"}
    assert made.resting({RAW: 11, PII: 20}) == {"support.ai.pii"}


def test_a_rebuild_reads_messages_and_analyses_and_commits_the_commands_too() -> None:
    logs = Logs(OLD, NEW)
    assert [each.topic for each in logs.read(1)] == [
        "support.messages.raw", "support.ai.sentiment", "support.ai.pii", "support.ai.insights", "support.ai.summary",
        "support.ai.language",
    ]  # fmt: skip
    assert [each.topic for each in logs.committed(1)[-2:]] == [
        "support.windows.commands", "support.conversations.commands",
    ]  # fmt: skip


def test_the_estimate_says_how_many_records_are_left_and_how_long_they_will_take() -> None:
    assert estimate(100, 400, 2.0) == "took 100 of 400 records, 300 behind (50/s, about 6 s left)"
    assert estimate(0, 400, 0.0) == "took 0 of 400 records, 400 behind (0/s)"


def test_a_pipe_is_told_of_each_round() -> None:
    console = Console(width=80)
    with console.capture() as capture:
        progress = Progressing(console, ExitStack(), round=1)
        progress.begin(40)
        progress.took(1)
    assert capture.get() == "round 1: 40 records to take\n"


def test_a_terminal_sees_a_bar_for_each_round() -> None:
    console = Console(width=80, force_terminal=True)
    with console.capture() as capture, progressing(console) as progress:
        for progress.round in (1, 2):
            progress.begin(40)
            progress.took(40)
    shown = capture.get()
    assert shown.index("round 1") < shown.index("round 2")
    assert "40/40" in shown


def test_while_the_old_version_serves_the_report_says_how_to_switch_without_loss() -> None:
    text = said(Comparison(same=3, behind=2), serving=True)
    assert "Version 1 goes on serving; 7 records and 2 pictures are on the way" in text
    assert "SIGNALSTREAM_APP_VERSION=1 signalstream rebuild --to 2" in text
    assert "SIGNALSTREAM_APP_VERSION=2 signalstream rebuild --drop 1" in text


def test_when_nobody_serves_the_new_version_may_start() -> None:
    assert "Start the workers with SIGNALSTREAM_APP_VERSION=2" in said(Comparison(same=3), serving=False)


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (Comparison(carried=4), "4 conversations were copied"),
        (Comparison(unreadable=2, examples=("acme/c (unreadable)",)), "2 conversations are LOST"),
        (Comparison(put_aside=5), "signalstream dlq list"),
        (Comparison(different=1, examples=("acme/c (different)",)), "for example: acme/c (different)"),
        (Comparison(different_windows=6), "6 windows count otherwise"),
    ],
)
def test_whatever_is_not_the_same_is_said(comparison: Comparison, words: str) -> None:
    assert words in said(comparison, serving=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("--to", "1"), "is the one that serves"), (("--drop", "1"), "it stays")],
)
def test_the_version_that_serves_is_neither_made_again_nor_removed(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    assert_one_line(signalstream("rebuild", *arguments, folder=tmp_path), words)
