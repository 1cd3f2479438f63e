from __future__ import annotations

import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from signalstream.streaming.embedded import EmbeddedBroker, free_port
from signalstream.streaming.lifeline import end_child, log_tail, start_child
from tests.install.dockerfile import PlainImage, context_files, instructions

REPOSITORY = Path(__file__).parents[2]
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
READY_SECONDS = 60


@pytest.fixture(scope="module")
def image() -> Iterator[PlainImage]:
    folder = Path(tempfile.mkdtemp(prefix="image-"))  # a short path: scripts name their interpreter by it
    context = folder / "context"
    for relative in context_files(REPOSITORY, (REPOSITORY / ".dockerignore").read_text()):
        (context / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / relative, context / relative)
    built = PlainImage(context, folder)
    built.build(DOCKERFILE)
    yield built
    shutil.rmtree(folder)


def settings_of(service: str, broker: EmbeddedBroker, port: int) -> dict[str, str]:
    given = {name: value for name, value in COMPOSE["services"][service]["environment"].items() if value is not None}
    here = {"KAFKA_BROKERS": broker.bootstrap, "HOST": "127.0.0.1", "PORT": str(port)}
    here["ADVERTISED_URL"] = f"http://127.0.0.1:{port}"
    return given | {f"SIGNALSTREAM_{name}": value for name, value in here.items()}


@pytest.mark.install
@pytest.mark.embedded
@pytest.mark.timeout(600)
def test_the_images_entry_point_becomes_healthy_and_ends_in_order(image: PlainImage, tmp_path: Path) -> None:
    port = free_port()
    with EmbeddedBroker(tmp_path / "broker.log") as broker:
        environment = image.env | settings_of("worker-1", broker, port) | {"SIGNALSTREAM_SESSION_TIMEOUT_SECONDS": "6"}
        folder, log = image.here("."), tmp_path / "worker.log"
        topics = start_child(COMPOSE["services"]["topics"]["entrypoint"], log, environment, folder)
        assert topics.wait(60) == 0, log_tail(log)
        end_child(topics, 1)

        worker = start_child(image.command("ENTRYPOINT"), log, environment, folder)
        try:
            health = wait_healthy(image, environment, worker)
        finally:
            worker.send_signal(getattr(signal, image.noted["STOPSIGNAL"]))
            code = end_child(worker, 20)
    assert health.returncode == 0, f"{health.stdout}\n{log_tail(log, 40)}"
    assert code == 0, log_tail(log, 40)


def wait_healthy(
    image: PlainImage, environment: dict[str, str], worker: subprocess.Popen[bytes]
) -> subprocess.CompletedProcess[str]:
    deadline = time.monotonic() + READY_SECONDS
    command = image.command("HEALTHCHECK")
    while True:
        program = shutil.which(command[0], path=environment["PATH"])
        assert program is not None, f"{command[0]} is not in the image"
        health = subprocess.run(
            [program, *command[1:]], env=environment, capture_output=True, text=True, check=False, timeout=10
        )
        if health.returncode == 0 or worker.poll() is not None or time.monotonic() > deadline:
            return health
        time.sleep(0.5)


@pytest.mark.install
@pytest.mark.timeout(600)
def test_the_image_holds_the_locked_versions_and_no_build_tools(image: PlainImage) -> None:
    python = shutil.which("python", path=image.env["PATH"])
    assert python == str(image.here("/opt/signalstream/bin/python"))
    listed = subprocess.run(
        [python, "-m", "pip", "freeze"], env=image.env, capture_output=True, text=True, check=True, timeout=60
    ).stdout.lower()
    installed = {line for line in listed.splitlines() if "==" in line}
    lock = re.sub(r"\[.*?\]", "", (REPOSITORY / "requirements" / "run.txt").read_text())
    locked = set(re.findall(r"^([a-z0-9.-]+==\S+)", lock, re.MULTILINE))
    assert {line.replace("_", "-") for line in installed} <= locked | {"signalstream==0.1.0"}
    assert "hatchling" not in listed
    assert "pytest" not in listed


def test_the_worker_does_not_run_as_root() -> None:
    last = dict(list(instructions(DOCKERFILE)))
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", last["USER"])


def test_the_last_stage_runs_nothing_and_so_needs_no_compiler() -> None:
    names = [name for name, _ in instructions(DOCKERFILE)]
    last_stage = names[len(names) - names[::-1].index("FROM") :]
    assert "RUN" not in last_stage


def test_the_build_sees_no_secrets_data_or_tests() -> None:
    files = context_files(REPOSITORY, (REPOSITORY / ".dockerignore").read_text())
    assert {path.parts[0] for path in files} == {
        "LICENSE", "NOTICE", "README.md", "deploy", "pyproject.toml", "requirements", "signalstream",
    }  # fmt: skip
    assert [path for path in files if path.suffix == ".pyc"] == []
