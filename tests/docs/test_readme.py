"""The README's commands, run as they are written but for ports that are free and a directory of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from signalstream.streaming.embedded import answers_kafka, free_port
from signalstream.streaming.lifeline import end_child, log_tail, start_child
from tests.docs.documents import REPOSITORY, blocks
from tests.workers import get

README = REPOSITORY / "README.md"
SHELL = blocks(README, "sh")
WRITTEN_PORTS = ("9092", "8000", "8001")


def block(*words: str) -> str:
    """Return the one block of shell that holds all of these words."""
    (found,) = [text for text in SHELL if all(word in text for word in words)]
    return found


@dataclass(frozen=True)
class Terminal:
    """A folder in which the README's blocks are run; ``ports`` are what stands for those that are written."""

    folder: Path
    ports: dict[str, str]

    def adapted(self, text: str) -> str:
        """Return a block with this Python's commands and with free ports."""
        text = text.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
        for written, free in self.ports.items():
            text = re.sub(rf"(?<=[: ]){written}\b", free, text)
        return text

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SIGNALSTREAM_", "GEMINI_"))}
        return kept | {"PYTHONPATH": str(REPOSITORY)}

    def begin(self, text: str, name: str) -> subprocess.Popen[bytes]:
        """Start a block that goes on until it is ended; its last line becomes the process itself."""
        *before, last = self.adapted(text).rstrip().splitlines()
        script = "\n".join(["set -eu", *before, f"exec env {last}"])
        return start_child(["bash", "-c", script], self.folder / f"{name}.log", self.environment(), self.folder)

    def run(self, text: str) -> list[str]:
        """Run a block that ends, a line at a time, and return what each line printed."""
        separated = re.sub(r"\n(?=curl|sleep)", "\nprintf '\\\\0'; ", self.adapted(text))
        ended = subprocess.run(
            ["bash", "-c", f"set -eu\n{separated}"],
            cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout.split("\0")


def wait(terminal: Terminal, process: subprocess.Popen[bytes], log: str, url: str | None = None) -> None:
    """Wait till the broker answers, or the worker at ``url`` is ready; 60 s at most."""
    deadline = time.monotonic() + 60
    while get(f"{url}/ready")[0] != 200 if url else not answers_kafka(int(terminal.ports["9092"])):
        said = log_tail(terminal.folder / f"{log}.log", 40)
        assert process.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.2)


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path_factory.mktemp("readme"), {port: str(free_port()) for port in WRITTEN_PORTS})
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.append(terminal.begin(block("tests.kafka"), "kafka"))
        wait(terminal, started[-1], "kafka")
        for name, port in (("one", "8000"), ("two", "8001")):
            started.append(terminal.begin(block(f"data/{name}"), name))
            wait(terminal, started[-1], name, f"http://127.0.0.1:{terminal.ports[port]}")
        wait(terminal, started[1], "one", f"http://127.0.0.1:{terminal.ports['8000']}")
        yield terminal
    finally:
        codes = [end_child(process, 15) for process in reversed(started)]
    assert set(codes) == {0}


@pytest.mark.kafka
def test_both_workers_are_ready_and_read_the_same_conversation(two_workers: Terminal) -> None:
    first, second, accepted, *_ = two_workers.run(block("c-2"))
    assert (json.loads(first)["status"], json.loads(second)["status"]) == ("ok", "ok")
    assert json.loads(accepted)["status"] == "accepted"
    one, other = reread(two_workers, block("c-2"), lambda said: all(map(complete, said)))[-2:]
    assert json.loads(one) == json.loads(other)


@pytest.mark.kafka
def test_the_five_lines_do_what_is_shown_under_them(two_workers: Terminal) -> None:
    assert json.loads(two_workers.run(block("c-1"))[1])["status"] == "accepted"
    insight, conversation, timeline = map(json.loads, reread(two_workers, block("c-1"), lambda said: complete(said[0])))
    (shown,) = (json.loads(text) for text in blocks(README, "json"))
    assert part_of(shown, insight) | {"revision": 0} == shown | {"revision": 0}, "how many steps it took may differ"
    assert conversation["messages"][0]["text"] == shown["pii"]["redacted_text"]
    assert [window["message_count"] for window in timeline["windows"]] == [1]


def reread(terminal: Terminal, text: str, enough: Callable[[list[str]], bool]) -> list[str]:
    """Run a block again without its POST, until what it prints is enough; 30 s at most."""
    reading = "\n".join(line for line in text.splitlines() if " -d " not in line and "/ready" not in line)
    deadline = time.monotonic() + 30
    while True:
        said = [each for each in terminal.run(reading) if each.strip()]
        if enough(said):
            return said
        assert time.monotonic() < deadline, said


def complete(insight: str) -> bool:
    return bool(json.loads(insight)["completeness"] == "complete")


def part_of(shown: Any, whole: Any) -> Any:
    """Return of ``whole`` what ``shown`` has fields for."""
    if isinstance(shown, dict) and isinstance(whole, dict):
        return {name: part_of(value, whole[name]) for name, value in shown.items()}
    return whole
