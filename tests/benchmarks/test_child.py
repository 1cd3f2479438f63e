"""A part of the load that runs beside, or instead of, what measures it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.child import begin_child, run_child
from benchmarks.flood import Answers, FloodSpec
from signalstream.streaming.embedded import free_port

LIMIT_SECONDS = 30.0


def nobody_there() -> FloodSpec:
    return FloodSpec(url=f"http://127.0.0.1:{free_port()}", credential="none", rate=20, seconds=0.2)


def test_what_it_found_comes_back(tmp_path: Path) -> None:
    answers = run_child("benchmarks.flood", nobody_there(), Answers, tmp_path / "new" / "folder", LIMIT_SECONDS)
    assert answers.counts == {0: 4}


def test_a_part_that_breaks_off_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"ended with code 1; its log ends:\n(?s:.*)No module named"):
        run_child("benchmarks.no_such_load", nobody_there(), Answers, tmp_path, LIMIT_SECONDS)


def test_ending_it_early_ends_its_process(tmp_path: Path) -> None:
    child = begin_child("benchmarks.flood", nobody_there().model_copy(update={"seconds": 600.0}), tmp_path)
    child.end()
    assert child.process.returncode is not None
