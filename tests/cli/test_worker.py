from __future__ import annotations

from pathlib import Path

import pytest

from signalstream.cli.worker import command_line
from signalstream.settings import load_settings
from tests.cli.command import assert_one_line, signalstream

pytestmark = pytest.mark.slow  # each starts a command in a process of its own, which loads everything


def test_the_worker_is_the_faust_command_line_on_the_settings_port() -> None:
    command = command_line(load_settings(port=8123))
    assert command[1:5] == ["-m", "faust", "-A", "signalstream"]
    assert command[-2:] == ["--web-port", "8123"]


def test_logging_is_info_unless_debug_is_asked_for() -> None:
    assert "debug" in command_line(load_settings(log_level="DEBUG"))
    assert "info" in command_line(load_settings(log_level="ERROR"))


def test_a_wrong_role_is_told_before_faust_is_started(tmp_path: Path) -> None:
    ended = signalstream("worker", "--roles", "core,cooking", folder=tmp_path)
    assert_one_line(ended, "SIGNALSTREAM_ROLES", "cooking")
