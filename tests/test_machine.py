from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine import missing_parts, must_run_everything

pytestmark = pytest.mark.slow  # each starts a command in a process of its own, which loads everything

REPOSITORY = Path(__file__).parents[1]
MARKED = "tests/kafka/test_broker.py::test_data_survive_a_kill_on_the_same_port"


def run_where_java_is_missing(ci: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", MARKED]
    environment = {"PATH": "/nowhere", "CI": ci}
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_on_a_laptop_a_missing_part_skips_loudly() -> None:
    done = run_where_java_is_missing(ci="")
    assert done.returncode == 0
    assert "1 skipped" in done.stdout
    assert "NOT TESTED: kafka" in done.stdout
    assert "java is not on the PATH; install Java 17" in done.stdout


def test_with_ci_a_missing_part_fails_the_run() -> None:
    done = run_where_java_is_missing(ci="true")
    assert done.returncode == 1
    assert "CI=true, and this machine cannot run every test: kafka: java is not on the PATH" in done.stdout


def test_a_part_that_no_test_needs_is_not_looked_for() -> None:
    assert missing_parts({"embedded"}) == {}


@pytest.mark.parametrize(("value", "strict"), [("true", True), ("1", True), ("", False), ("false", False)])
def test_ci_is_a_yes_or_no(value: str, strict: bool) -> None:
    assert must_run_everything({"CI": value}) is strict
