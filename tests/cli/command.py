"""The installed `signalstream` command in a process of its own, without this machine's settings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

COMMAND = Path(sys.executable).with_name("signalstream")


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with no SignalStream settings but the given ones, and no encryption."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SIGNALSTREAM_", "GEMINI_"))}
    return inherited | {"SIGNALSTREAM_ENCRYPTION": "off"} | settings


def signalstream(
    *arguments: str, folder: Path, settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in ``folder`` to its end, a minute and a half at most."""
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True, text=True, timeout=90, cwd=folder, check=False, env=environment(settings or {}),
    )  # fmt: skip


def assert_one_line(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    """Check for exit code 2 and one line on standard error with ``words`` in it."""
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert ended.stderr.startswith("signalstream: ")
    assert all(word in ended.stderr for word in words), ended.stderr
