from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from signalstream.cli.evaluate import SHOWN, SPEED, picked_tasks
from signalstream.errors import ConfigurationError
from tests.ai.evaluation.test_sets import laid_out
from tests.cli.command import COMMAND, assert_one_line, environment
from tests.docs.documents import REPOSITORY


def evaluate(*arguments: str, folder: Path, analyst: str = "local") -> subprocess.CompletedProcess[str]:
    settings = {"SIGNALSTREAM_ANALYST": analyst, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(
        [COMMAND, "evaluate", *arguments],
        capture_output=True, text=True, timeout=180, cwd=folder, check=False, env=environment(settings),
    )  # fmt: skip


def test_tasks_are_picked_by_name_in_their_own_order() -> None:
    assert picked_tasks(None) == tuple(SHOWN)
    assert picked_tasks("speed, pii") == ("pii", "speed")
    for wrong in ("cook", "", "pii,cook"):
        with pytest.raises(ConfigurationError, match="--tasks"):
            picked_tasks(wrong)


@pytest.mark.slow
def test_the_local_analyst_is_measured_on_everything_that_lies_there(tmp_path: Path) -> None:
    ended = evaluate(str(laid_out(tmp_path)), "--json", folder=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    measured = {each["task"]: each for each in json.loads(ended.stdout)}
    assert list(measured) == ["sentiment", "intent", "pii", "summary", "requests", "language", SPEED]
    assert all(set(SHOWN[task][:1]) <= set(each["figures"]) for task, each in measured.items())
    assert measured["language"]["figures"]["accuracy"] == 0.5  # "Guten Tag" has too few letters
    assert measured["pii"]["figures"]["characters_masked"] == 1
    assert 100 < measured[SPEED]["figures"]["memory_mb"] < 1_000


@pytest.mark.slow
def test_another_analyst_is_shown_as_a_table(tmp_path: Path) -> None:
    arguments = (str(laid_out(tmp_path)), "--tasks", "sentiment,summary", "--limit", "1")
    ended = evaluate(*arguments, folder=tmp_path, analyst="benchmarks.instant_analyst:create")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = [line.split() for line in ended.stdout.splitlines()]
    assert lines[0] == ["task", "set", "records", "measure", "value", "note"]
    assert ["sentiment", "tweeteval", "val", "1", "macro_f1", "1.0000"] in lines
    assert [line[:3] for line in lines[-2:]] == [["summary", "dialogsum", "dev"]] * 2


@pytest.mark.slow
def test_a_folder_without_anything_to_measure_is_one_line(tmp_path: Path) -> None:
    assert_one_line(evaluate("absent", folder=tmp_path), "absent", "no directory")
    assert_one_line(evaluate(str(tmp_path), folder=tmp_path), "for sentiment, intent,", "QUALITY.md")
