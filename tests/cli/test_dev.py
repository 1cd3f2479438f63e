from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from signalstream.streaming.embedded import free_port
from tests.cli.command import COMMAND, assert_one_line, environment, signalstream

pytestmark = pytest.mark.embedded
MARK = "DEV_TEST_RUN"
LONGEST_START_SECONDS = 90.0
LONGEST_STOP_SECONDS = 5.0


@dataclass
class Dev:
    """`signalstream dev` running in a session of its own, as under a terminal that can send it signals."""

    process: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, words: str) -> None:
        until(lambda: words in self.said() or self.process.poll() is not None, LONGEST_START_SECONDS)
        assert words in self.said(), self.said()

    def end_with(self, number: int) -> float:
        """Send a signal and return how long the process took to end with 0, in seconds."""
        started = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(30)
        assert code == 0, self.said()
        return time.monotonic() - started


def until(happened: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.05)


class Place:
    """A folder, a port and a mark that every process started there carries in its environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.mark = uuid.uuid4().hex
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.started: list[Dev] = []

    def settings(self) -> dict[str, str]:
        return {"TMPDIR": str(self.temporary), MARK: self.mark}

    def dev(self, *arguments: str) -> Dev:
        output = self.folder / f"output-{len(self.started)}"
        with output.open("wb") as log:
            process = subprocess.Popen(
                [COMMAND, "dev", "--port", str(self.port), *arguments],
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=self.folder,
                env=environment(self.settings()), start_new_session=True,
            )  # fmt: skip
        self.started.append(Dev(process, output))
        return self.started[-1]

    def children(self) -> list[int]:
        """Return the processes that carry the mark, the broker and its watcher too."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                variables = (folder / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if f"{MARK}={self.mark}".encode() in variables:
                found.append(int(folder.name))
        return found

    def assert_nothing_is_left(self) -> None:
        until(lambda: not self.children(), 3)
        assert self.children() == []
        assert list(self.temporary.iterdir()) == []
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", self.port))

    def close(self) -> None:
        for dev in self.started:
            if dev.process.poll() is None:
                dev.process.kill()
                dev.process.wait()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.close()


def test_once_plays_the_conversations_ends_with_0_and_leaves_nothing(place: Place) -> None:
    ended = signalstream("dev", "--once", "--port", str(place.port), folder=place.folder, settings=place.settings())
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stderr == ""
    assert "60 of 60 messages became insights" in ended.stdout
    for raw in ("rosa.lindqvist@example.com", "4111 1111 1111 1111", "202-555-0178", "GB33BUKB20201555555555"):
        assert raw not in ended.stdout
    place.assert_nothing_is_left()


def test_ctrl_c_ends_everything_within_5_seconds_and_it_starts_again(place: Place) -> None:
    for words in (["--no-demo"], []):
        dev = place.dev(*words)
        dev.wait_for("Ctrl-C ends everything.")
        assert len(place.children()) >= 3
        assert "/docs" in dev.said()
        assert dev.end_with(signal.SIGINT) < LONGEST_STOP_SECONDS
        place.assert_nothing_is_left()


def test_ctrl_c_during_the_start_ends_everything_too(place: Place) -> None:
    dev = place.dev("--no-demo")
    dev.wait_for("starting one worker")
    assert dev.end_with(signal.SIGINT) < LONGEST_STOP_SECONDS
    place.assert_nothing_is_left()


def test_when_dev_is_killed_its_children_die_with_it(place: Place) -> None:
    dev = place.dev("--no-demo")
    dev.wait_for("starting one worker")
    until(lambda: len(place.children()) >= 3, 10)
    os.kill(dev.process.pid, signal.SIGKILL)
    dev.process.wait()
    until(lambda: not place.children(), 5)
    assert place.children() == []


def test_what_the_worker_finds_wrong_is_the_one_line(place: Place) -> None:
    wrong = place.settings() | {"SIGNALSTREAM_ANALYST": "oracle"}
    ended = signalstream("dev", "--once", "--port", str(place.port), folder=place.folder, settings=wrong)
    assert_one_line(ended, "SIGNALSTREAM_ANALYST", "oracle")
    place.assert_nothing_is_left()
