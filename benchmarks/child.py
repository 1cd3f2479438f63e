"""A part of the load in a process of its own: a specification in, a result out, as files of JSON."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TypeVar

from signalstream.models.base import Model
from signalstream.streaming.lifeline import end_child, log_tail, start_child
from tests.workers import REPOSITORY

STOP_SECONDS = 5.0
Result = TypeVar("Result", bound=Model)


def run_child(module: str, spec: Model, result: type[Result], directory: Path, limit_seconds: float) -> Result:
    """Run ``python -m module SPEC RESULT``. Raises RuntimeError when it fails, TimeoutExpired when it lasts longer."""
    directory.mkdir(parents=True, exist_ok=True)
    spec_path, result_path, log_path = directory / "spec.json", directory / "result.json", directory / "child.log"
    spec_path.write_text(spec.model_dump_json())
    command = [sys.executable, "-m", module, str(spec_path), str(result_path)]
    child = start_child(command, log_path, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, cwd=directory)
    try:
        code = child.wait(limit_seconds)
    finally:
        end_child(child, STOP_SECONDS)
    if code != 0:
        raise RuntimeError(f"{module} ended with code {code}; its log ends:\n{log_tail(log_path)}")
    return result.model_validate_json(result_path.read_bytes())
