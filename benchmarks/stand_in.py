"""The stand-in for Gemini in a process of its own: it answers in two to five seconds, within a quota of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from signalstream.streaming.lifeline import end_child, log_tail, start_child
from tests.workers import REPOSITORY

START_SECONDS, STOP_SECONDS, LIFETIME_SECONDS = 30.0, 5.0, 7_200.0
ANSWER_SECONDS = (2.0, 5.0)
KEY = "no-key-of-anybody"


@dataclass
class StandIn:
    """A model behind gRPC with TLS. ``requests_per_minute`` is the quota that it enforces, None for none.

    ``faults`` are shares of all requests by the fault's name.
    """

    directory: Path
    requests_per_minute: int | None
    faults: Mapping[str, float] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _ports: dict[str, int] = field(default_factory=dict)

    def start(self) -> None:
        """Start it and wait till it listens. Raises RuntimeError when it does not."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._process = start_child(
            self._command(), self._log_path, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, cwd=self.directory
        )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            first = self._log_path.read_text().partition("\n")
            if first[1]:
                self._ports = json.loads(first[0])
                return
            time.sleep(0.1)
        raise RuntimeError(f"the stand-in for Gemini did not start; its log ends:\n{log_tail(self._log_path)}")

    def settings(self) -> dict[str, str]:
        """Return the settings by which a worker asks it: those of an operator with a key, and where it is."""
        return {
            "GEMINI_API_KEY": KEY,
            "SIGNALSTREAM_ANALYST": "gemini",
            "SIGNALSTREAM_GEMINI_ENDPOINT": f"localhost:{self._ports['grpc_tls']}",
            "SIGNALSTREAM_GEMINI_CA_FILE": str(self._authority),
        }

    @property
    def pid(self) -> int:
        """Return the process's id. Raises RuntimeError when it does not run."""
        return self._running().pid

    async def stats(self) -> dict[str, Any]:
        """Return what it counted since it began."""
        return await self._get("/__stats", {})

    async def arrivals(self, words: str) -> list[float]:
        """Return when questions with these words came, in seconds of the monotonic clock, in order."""
        answer = await self._get("/__arrivals", {"contains": words})
        return list(map(float, answer["arrivals"]))

    def freeze(self) -> None:
        """Let it fall silent (SIGSTOP): connections stay open, nothing is answered."""
        os.kill(self._running().pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self._running().pid, signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self.thaw()
            end_child(self._process, STOP_SECONDS)
            self._process = None

    async def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self._ports['http']}{path}"
        async with aiohttp.ClientSession() as session, session.get(url, params=query) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"the stand-in for Gemini has ended; its log ends:\n{log_tail(self._log_path)}")
        return self._process

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", "tests.gemini_fake", "--ca-out", str(self._authority)]
        command += ["--latency", *map(str, ANSWER_SECONDS), "--lifetime", str(LIFETIME_SECONDS)]
        command += [word for name, share in self.faults.items() for word in ("--fault", f"{name}={share}")]
        return command if self.requests_per_minute is None else [*command, "--rpm", str(self.requests_per_minute)]

    @property
    def _authority(self) -> Path:
        return self.directory / "ca.pem"

    @property
    def _log_path(self) -> Path:
        return self.directory / "stand-in.log"
