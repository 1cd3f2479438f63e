"""A part of the load in a process of its own: a specification in, a result out, as files of JSON."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from signalstream.models.base import Model
from signalstream.streaming.lifeline import end_child, log_tail, start_child
from tests.workers import REPOSITORY

STOP_SECONDS = 5.0
Result = TypeVar("Result", bound=Model)


@dataclass(frozen=True)
class Child:
    """A process that has been started, and where its result will be."""

    module: str
    process: subprocess.Popen[bytes]
    result_path: Path
    log_path: Path

    def result(self, kind: type[Result], limit_seconds: float) -> Result:
        """Wait for it. Raises RuntimeError when it fails, TimeoutExpired when it lasts longer."""
        code = self.process.wait(limit_seconds)
        if code != 0:
            raise RuntimeError(f"{self.module} ended with code {code}; its log ends:\n{log_tail(self.log_path)}")
        return kind.model_validate_json(self.result_path.read_bytes())

    def end(self) -> None:
        """End it, if it has not ended by itself."""
        end_child(self.process, STOP_SECONDS)


def begin_child(module: str, spec: Model, directory: Path) -> Child:
    """Start ``python -m module SPEC RESULT``; whoever starts it ends it."""
    directory.mkdir(parents=True, exist_ok=True)
    spec_path, result_path, log_path = directory / "spec.json", directory / "result.json", directory / "child.log"
    spec_path.write_text(spec.model_dump_json())
    command = [sys.executable, "-m", module, str(spec_path), str(result_path)]
    process = start_child(command, log_path, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, cwd=directory)
    return Child(module, process, result_path, log_path)


def run_child(module: str, spec: Model, result: type[Result], directory: Path, limit_seconds: float) -> Result:
    """Start it, wait for its result and end it. Raises RuntimeError or TimeoutExpired as ``Child.result``."""
    child = begin_child(module, spec, directory)
    try:
        return child.result(result, limit_seconds)
    finally:
        child.end()
