from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from signalstream.models.conversation import ConversationView
from signalstream.models.intelligence import Insight
from signalstream.models.messages import MessageAccepted, MessageIn, OriginalMessage
from signalstream.models.windows import Timeline, Window
from signalstream.streaming.embedded import EmbeddedBroker
from signalstream.web.problems import Problem
from signalstream.web.routes import ROUTES
from tests.cli.command import signalstream
from tests.examples.guide import GUIDE, WRITTEN_URL, Block, blocks
from tests.machine import must_run_everything
from tests.workers import Worker, get

SETTINGS = {"SIGNALSTREAM_PARTITIONS": "2", "SIGNALSTREAM_SESSION_TIMEOUT_SECONDS": "6"}
FIRST_LINES = {"bash": "set -euo pipefail", "javascript": "", "python": ""}


def runnable(language: str) -> list[Block]:
    return [block for block in blocks() if block.runs and block.language == language and not block.wants_a_key]


def answers() -> list[dict[str, object]]:
    return [json.loads(block.text) for block in blocks() if block.language == "json"]


def test_every_block_in_a_language_that_runs_is_run() -> None:
    assert {block.language for block in blocks() if block.runs} == set(FIRST_LINES)
    assert [block.line for block in blocks() if block.language in FIRST_LINES and not block.runs] == []
    assert [block.line for block in blocks() if block.runs and WRITTEN_URL not in block.text] == []


def test_every_route_is_in_the_guide() -> None:
    text = GUIDE.read_text()
    for route in ROUTES:
        if route.path.startswith("/ws"):
            assert f"WS {route.path}" in text
        elif "{name}" not in route.path:
            assert f"`{route.method} {route.path}`" in text or f"`{route.method} {route.path}`," in text


def test_every_field_of_a_message_and_of_an_answer_is_explained() -> None:
    text = GUIDE.read_text()
    for model in (MessageIn, Insight, Window):
        assert [name for name in model.model_fields if f"`{name}`" not in text and f'"{name}"' not in text] == []


def test_the_answers_in_the_guide_are_answers_that_the_models_allow() -> None:
    accepted, insight, conversation, original, timeline, problem = answers()
    MessageAccepted.model_validate(accepted)
    assert Insight.model_validate(insight).pii is not None
    ConversationView.model_validate(conversation)
    OriginalMessage.model_validate(original)
    Timeline.model_validate(timeline)
    Problem.model_validate(problem)


def test_the_offsets_in_the_guide_are_those_of_the_message_in_it() -> None:
    posted = re.search(r'"message": "(I was charged twice[^"]*)"', GUIDE.read_text())
    assert posted is not None
    (entity,) = answers()[1]["pii"]["entities"]  # type: ignore[index]
    assert posted[1][entity["start_index"] : entity["end_index"]] == "kim.osei@example.com"


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("guide")
    with EmbeddedBroker(folder / "broker.log") as broker, Worker(broker.bootstrap, folder, SETTINGS) as started:
        started.wait_ready()
        yield started


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Worker, str]]:
    """Start a worker that wants credentials; give it with a key that the command issued for it."""
    folder = tmp_path_factory.mktemp("guarded")
    secret = {"SIGNALSTREAM_AUTH_SECRET": "a secret that the guide's test has"}
    limits = {"SIGNALSTREAM_MESSAGES_PER_MINUTE": "120", "SIGNALSTREAM_MESSAGES_BURST": "5"}
    wanted = {**SETTINGS, **secret, **limits, "SIGNALSTREAM_AUTH": "required"}
    issue = ("keys", "issue", "--tenant", "acme", "--label", "guide", *("--scope", "messages:write"))
    with EmbeddedBroker(folder / "broker.log") as broker, Worker(broker.bootstrap, folder, wanted) as started:
        started.wait_ready()
        settings = {**wanted, "SIGNALSTREAM_KAFKA_BROKERS": broker.bootstrap}
        issued = signalstream(*issue, "--scope", "insights:read", folder=folder, settings=settings)
        assert issued.returncode == 0, issued.stderr
        yield started, issued.stdout.strip()


def node() -> list[str]:
    """Return the command for JavaScript. Node before 22 has WebSocket behind a flag."""
    found = shutil.which("node")
    if found is None and must_run_everything():
        pytest.fail("CI=true, and node is not installed: the guide's JavaScript cannot be run")
    if found is None:
        pytest.skip("node is not installed")
    major = int(subprocess.check_output([found, "--version"], text=True).lstrip("v").split(".")[0])
    return [found, *([] if major >= 22 else ["--experimental-websocket"]), "--input-type=module", "-"]


def run(block: Block, worker: Worker, folder: Path, **environment: str) -> str:
    commands = {"bash": ["bash", "-s"], "python": [sys.executable, "-"]}
    command = commands.get(block.language) or node()
    ended = subprocess.run(
        command, input=f"{FIRST_LINES[block.language]}\n{block.against(worker.url)}",
        capture_output=True, text=True, timeout=60, cwd=folder, check=False, env=os.environ | environment,
    )  # fmt: skip
    assert ended.returncode == 0, f"line {block.line}: {ended.stdout}{ended.stderr}"
    return ended.stdout


def wait_for_calm(url: str) -> None:
    """Wait until the insight is complete and has stayed the same for a second: a block before may have posted."""
    seen, since = "", time.monotonic()
    deadline = since + 30
    while not seen or time.monotonic() - since < 1:
        now = get(url)[1]
        if now != seen or '"completeness":"complete"' not in now:
            seen, since = now, time.monotonic()
        assert time.monotonic() < deadline, now
        time.sleep(0.1)


def wait_for_complete(url: str) -> None:
    """Read as slowly as a person does."""
    deadline = time.monotonic() + 30
    while '"completeness":"complete"' not in get(url)[1]:
        assert time.monotonic() < deadline, get(url)
        time.sleep(0.1)


@pytest.mark.embedded
def test_the_commands_of_the_guide_do_what_it_says(worker: Worker, tmp_path: Path) -> None:
    first, *rest = runnable("bash")
    assert json.loads(run(first, worker, tmp_path))["status"] == "accepted"
    wait_for_complete(f"{worker.url}/v1/conversations/c-1001/insights")
    others = []
    for block in rest:
        wait_for_calm(f"{worker.url}/v1/conversations/c-1001/insights")
        others.append(run(block, worker, tmp_path))
    (etag,) = [said for said in others if said.strip() in ("200", "304")]
    assert etag.strip() == "304"
    assert others[-2].startswith('{"type":"urn:signalstream:problem:validation"')
    assert others[-1].split()[0] == "2", "two posts with one Idempotency-Key are one message"


@pytest.mark.embedded
def test_the_python_of_the_guide_runs(worker: Worker, tmp_path: Path) -> None:
    asked, streamed = [run(block, worker, tmp_path) for block in runnable("python")]
    assert asked.split()[-2:] == ["Technical", "Issue"]
    assert streamed.splitlines()[-1].endswith("complete")


@pytest.mark.embedded
def test_the_javascript_of_the_guide_runs(worker: Worker, tmp_path: Path) -> None:
    asked, streamed = [run(block, worker, tmp_path) for block in runnable("javascript")]
    assert len(asked.split()) >= 3
    assert " complete " in streamed.splitlines()[-1]


@pytest.mark.embedded
def test_what_the_guide_says_of_credentials_is_so(guarded: tuple[Worker, str], tmp_path: Path) -> None:
    worker, key = guarded
    said: dict[str, list[str]] = {}
    for block in (block for block in blocks() if block.runs and block.wants_a_key):
        said.setdefault(block.language, []).append(run(block, worker, tmp_path, API_KEY=key))
    assert '"status":"accepted"' in said["bash"][0]
    assert said["javascript"][0].split("\n")[0] == "connected acme"
    assert said["python"][0].split("\n")[0] == "connected"
    assert [line.split(":")[0].lower() for line in sorted(said["bash"][1].splitlines())] == [
        "ratelimit-limit", "ratelimit-policy", "ratelimit-remaining", "ratelimit-reset",
    ]  # fmt: skip
    assert said["python"][1].count("taken, left:") == 8
    assert "429 waiting for 1 s" in said["python"][1]
    without = subprocess.run(
        ["curl", "-sS", f"{worker.url}/v1/conversations"], capture_output=True, text=True, timeout=30, check=True
    )
    assert "urn:signalstream:problem:credential-missing" in without.stdout
