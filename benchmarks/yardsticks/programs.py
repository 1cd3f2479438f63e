"""The programs that SignalStream is compared with: how each is started, and why one cannot run here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ELSEWHERE = Path(__file__).parents[2] / ".venv-bench" / "bin" / "python"
IMPORT_SECONDS = 60.0


@dataclass(frozen=True)
class Program:
    """A yardstick: its name in the tables, its words for the interpreter, and what it needs installed elsewhere.

    ``needs`` names the package of ``requirements/bench.txt`` that it is about; None when the project's own
    environment has all of it. ``serves``, it takes messages by HTTP.
    """

    name: str
    words: Sequence[str]
    needs: str | None = None
    serves: bool = False

    @property
    def python(self) -> str:
        """Return the interpreter that runs it."""
        return sys.executable if self.needs is None else str(ELSEWHERE)

    def missing(self) -> str | None:
        """Return why it cannot run here and what to do, or None when it can."""
        if self.needs is None:
            return None
        if not ELSEWHERE.exists():
            return f"{self.needs} is not installed: make bench-yardsticks"
        attempt = [ELSEWHERE, "-c", f"import {self.needs}"]
        done = subprocess.run(attempt, check=False, capture_output=True, timeout=IMPORT_SECONDS)
        return None if done.returncode == 0 else f"{self.needs} cannot be imported: make bench-yardsticks"


def _faust(module: str) -> Sequence[str]:
    return ("-m", "faust", "-A", f"benchmarks.yardsticks.{module}", "worker", "-l", "info")


BARE_FAUST = Program("bare Faust", _faust("bare_faust"))
FAUST_MULTI = Program("bare Faust, an app for each step", ("-m", "benchmarks.yardsticks.bare_faust_multi"))
AIOKAFKA = Program("bare aiokafka, rocksdict, changelogs", ("-m", "benchmarks.yardsticks.bare_aiokafka"))
QUIX = Program("Quix Streams", ("-m", "benchmarks.yardsticks.quix"), needs="quixstreams")
FASTAPI = Program("FastAPI + aiokafka", ("-m", "benchmarks.yardsticks.fastapi_post"), needs="fastapi", serves=True)
