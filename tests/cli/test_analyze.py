from __future__ import annotations

import asyncio
import io
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from signalstream.ai.analyst import Answer
from signalstream.cli.analyze import picked_agents
from signalstream.cli.analyze_lines import Analyzer, analyze_lines
from signalstream.errors import ConfigurationError
from signalstream.models.agents import AI_AGENTS
from signalstream.models.conversation import Turn
from signalstream.models.intelligence import Summary
from signalstream.settings import Settings
from signalstream.tables.rules import rules_of
from tests.cli.command import COMMAND, assert_one_line, environment
from tests.docs.documents import REPOSITORY
from tests.fakes import ScriptedAnalyst

RULES = rules_of(Settings(_env_file=None))
TEXTS = b'{"id": 1, "text": "charged twice by jane@example.com"}\nnonsense\n\n{"id": 2, "text": "thank you"}\n'


@dataclass
class Slowly(ScriptedAnalyst):
    """Answers the later the earlier it was asked; a text that says FAULT raises."""

    at_once: int = 0
    most: int = 0
    delays: list[float] = field(default_factory=lambda: [0.05, 0.03, 0.01, 0.0])

    async def analyse(self, task: str, turn: Turn) -> Answer:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(self.delays.pop(0) if self.delays else 0)
        self.at_once -= 1
        if "FAULT" in turn.message.text:
            raise ZeroDivisionError("unforeseen")
        return Answer(Summary(tldr=turn.message.text, customer_issue="it"), "slow")


async def written(lines: bytes, analyst: ScriptedAnalyst, in_flight: int = 64) -> tuple[list[dict[str, Any]], int]:
    made: list[dict[str, Any]] = []
    analyzer = Analyzer(analyst, ["summary"], "acme", RULES)
    bad = await analyze_lines(analyzer, io.BytesIO(lines), made.append, lambda _: None, in_flight=in_flight)
    return made, bad


def texts(number: int) -> bytes:
    return b"".join(json.dumps({"id": each, "text": f"text {each}"}).encode() + b"\n" for each in range(number))


async def test_lines_come_out_in_the_order_in_which_they_came() -> None:
    made, bad = await written(texts(6), Slowly(None))
    assert [(one["id"], one["summary"]["tldr"]) for one in made] == [(each, f"text {each}") for each in range(6)]
    assert bad == 0


async def test_no_more_lines_are_under_way_than_were_allowed() -> None:
    analyst = Slowly(None)
    made, _ = await written(texts(40), analyst, in_flight=3)
    assert len(made) == 40
    assert analyst.most <= 5  # those that wait in line, one that is being handed over, one that is awaited


async def test_a_bad_line_and_a_fault_are_told_with_their_number_and_the_rest_goes_on() -> None:
    lines = b'nonsense\n\n{"id": 1, "text": "FAULT"}\n{"id": 2, "text": "fine"}'
    made, bad = await written(lines, Slowly(None))
    assert [one.get("line") for one in made] == [1, 3, None]
    assert "no JSON" in made[0]["error"]
    assert "ZeroDivisionError" in made[1]["error"]
    assert (made[2]["id"], bad) == (2, 2)


async def test_who_reads_no_further_ends_the_work_though_lines_wait() -> None:
    def broken(_: dict[str, Any]) -> None:
        raise BrokenPipeError

    analyzer = Analyzer(Slowly(None), ["summary"], "acme", RULES)
    async with asyncio.timeout(10):
        with pytest.raises(BrokenPipeError):
            await analyze_lines(analyzer, io.BytesIO(texts(500)), broken, lambda _: None, in_flight=2)


def test_agents_are_picked_by_name_in_their_own_order() -> None:
    assert picked_agents(None) == AI_AGENTS
    assert picked_agents(" language,pii ") == ("pii", "language")
    for wrong in ("pii,cook", "", ","):
        with pytest.raises(ConfigurationError, match="--agents"):
            picked_agents(wrong)


def analyze(*arguments: str, given: bytes = b"", folder: Path) -> subprocess.CompletedProcess[str]:
    settings = {"SIGNALSTREAM_ANALYST": "benchmarks.instant_analyst:create", "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(
        [COMMAND, "analyze", *arguments],
        input=given.decode(), capture_output=True, text=True, timeout=90, cwd=folder, check=False,
        env=environment(settings),
    )  # fmt: skip


@pytest.mark.slow
def test_the_command_reads_standard_input_and_ends_with_1_for_a_bad_line(tmp_path: Path) -> None:
    ended = analyze(given=TEXTS, folder=tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "")
    first, bad, last = (json.loads(line) for line in ended.stdout.splitlines())
    assert list(first) == ["id", *AI_AGENTS]
    assert (first["id"], bad["line"], last["id"]) == (1, 2, 2)


@pytest.mark.slow
def test_the_command_reads_and_writes_files_and_ends_with_0(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(texts(3))
    ended = analyze("in.jsonl", "-o", "out.jsonl", "--agents", "language,sentiment", folder=tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [list(line) for line in lines] == [["id", "sentiment", "language"]] * 3


@pytest.mark.slow
def test_what_cannot_be_read_written_or_chosen_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(texts(1))
    assert_one_line(analyze("absent.jsonl", folder=tmp_path), "absent.jsonl")
    assert_one_line(analyze("in.jsonl", "-o", "in.jsonl", folder=tmp_path), "also the input")
    assert_one_line(analyze("--analyst", "nobody", folder=tmp_path), "SIGNALSTREAM_ANALYST", "nobody")
    assert_one_line(analyze("--analyst", "local", "--taxonomy", "absent.json", folder=tmp_path), "absent.json")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("redirected", "told"),
    [
        (">/dev/full", "cannot write on to standard output"),
        ("-o /dev/full", "cannot write on to /dev/full"),
        (">&-", "standard output is closed"),
        ("<&-", "standard input is closed"),
    ],
)
def test_a_full_disk_and_a_closed_stream_are_one_line(tmp_path: Path, redirected: str, told: str) -> None:
    settings = {"SIGNALSTREAM_ANALYST": "benchmarks.instant_analyst:create", "PYTHONPATH": str(REPOSITORY)}
    ended = subprocess.run(
        ["sh", "-c", f'exec "$0" analyze {redirected}', COMMAND],
        input=texts(2).decode(), capture_output=True, text=True, timeout=90, cwd=tmp_path, check=False,
        env=environment(settings),
    )  # fmt: skip
    assert ended.returncode == 2
    assert told in ended.stderr
    assert ended.stderr.count("\n") == 1
