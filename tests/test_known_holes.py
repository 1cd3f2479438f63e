from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from scripts.known_holes import LOCKS, PROBE, main

HOLE = {"id": "PYSEC-1", "fix_versions": ["5.4"], "aliases": [], "description": "d"}
OLD = {"name": "pyyaml", "version": "5.3", "vulns": [HOLE]}
GOOD = {"name": "good", "version": "1", "vulns": []}


class Database:
    """Answers for the probe first, then for the lock files; None is nobody there."""

    def __init__(self, *answers: list[dict[str, Any]] | None) -> None:
        self._answers = list(answers)
        self.asked: list[list[str]] = []

    def __call__(self, files: Sequence[Path]) -> list[dict[str, Any]] | None:
        self.asked.append([path.read_text().strip() if path.name == "probe.txt" else path.name for path in files])
        return self._answers.pop(0)


@pytest.mark.parametrize("answer", [None, [], [{"name": "pyyaml", "skip_reason": "not found"}], [GOOD]])
def test_where_the_known_hole_of_the_probe_is_not_known_nothing_else_is_asked_and_it_is_said(
    answer: list[dict[str, Any]] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(answer)
    assert main(database) == 0
    assert database.asked == [[PROBE]]
    assert capsys.readouterr().out == "known holes: skipped, no vulnerability database reachable\n"


def test_a_hole_is_a_failure_that_names_the_package_and_the_version_to_take(capsys: pytest.CaptureFixture[str]) -> None:
    unmended = {"name": "other", "version": "2", "vulns": [HOLE | {"id": "PYSEC-2", "fix_versions": []}]}
    assert main(Database([OLD], [GOOD, OLD, unmended])) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert "pyyaml 5.3 has PYSEC-1; mended in 5.4" in first
    assert "other 2 has PYSEC-2; not mended yet" in second


def test_no_hole_is_no_failure_and_what_is_not_known_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    database = Database([OLD], [GOOD, {"name": "private", "skip_reason": "not found"}])
    assert main(database) == 0
    assert database.asked[1] == [path.name for path in LOCKS]
    out = capsys.readouterr().out
    assert "nothing is known of private" in out
    assert "none in 1 packages" in out


def test_a_database_that_goes_away_is_no_good_news() -> None:
    assert main(Database([OLD], None)) == 1


def test_every_locked_package_that_runs_is_in_a_file_that_is_looked_up() -> None:
    def pinned(path: Path) -> set[str]:
        return set(re.findall(r"^[\w.\[\]-]+==[^\s;\\]+", path.read_text(), re.MULTILINE))

    looked_up = set().union(*(pinned(path) for path in LOCKS))
    assert pinned(LOCKS[0].with_name("run.txt")) <= looked_up
