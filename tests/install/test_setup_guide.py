from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from signalstream.settings import Settings, environment_name

REPOSITORY = Path(__file__).parents[2]
GUIDE = (REPOSITORY / "docs" / "SETUP.md").read_text()
SOURCES = "\n".join(
    path.read_text() for folder in ("signalstream", "tests/kafka") for path in (REPOSITORY / folder).rglob("*.py")
)

pytestmark = pytest.mark.slow
FIRST_CELLS = re.findall(r"^\| `(.+?)` \|", GUIDE, re.MULTILINE)
MESSAGES = [
    each for cell in FIRST_CELLS for each in cell.split("`, `") if not re.fullmatch("SIGNALSTREAM_[A-Z_]+", each)
]
COMMANDS = sorted(set(re.findall(r"signalstream (topics \w+|config|dlq \w+|dev)\b", GUIDE)))


def test_every_variable_of_the_guide_is_a_setting() -> None:
    known = {environment_name(field) for field in Settings.model_fields}
    assert set(re.findall(r"\bSIGNALSTREAM_[A-Z_]+\b", GUIDE)) <= known


def test_every_default_that_the_guide_names_is_the_default() -> None:
    defaults = {environment_name(name): str(field.default) for name, field in Settings.model_fields.items()}
    named = dict(re.findall(r"`(SIGNALSTREAM_[A-Z_]+)` \((\w+)\)", GUIDE))
    assert named == {name: defaults[name] for name in named}
    assert {"SIGNALSTREAM_PARTITIONS", "SIGNALSTREAM_REPLICATION_FACTOR"} <= named.keys()


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_of_the_guide_is_one_that_the_program_says(message: str) -> None:
    assert [part for part in message.split("…") if part not in SOURCES] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_guide_exists(command: str) -> None:
    program = "import sys; from signalstream.cli.main import run; sys.exit(run(sys.argv[1:]))"
    asked = [sys.executable, "-c", program, *command.split(), "--help"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_every_make_target_of_the_guide_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make (\w+)", GUIDE, re.MULTILINE)) <= targets


def test_every_file_of_the_guide_exists() -> None:
    named = re.findall(
        r"`((?:docs|tests|scripts|requirements|\.ci)/[\w./*-]+|compose\.yaml|Procfile|\.env\.example)`", GUIDE
    )
    assert len(named) >= 6
    missing = [name for name in named if not list(REPOSITORY.glob(name)) and name != "tests/kafka/target"]
    assert missing == []
