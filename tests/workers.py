"""A worker as an operator starts one: the real command line in a process of its own, on free loopback ports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from signalstream.streaming.embedded import free_port
from signalstream.streaming.lifeline import end_child, log_tail, start_child

REPOSITORY = Path(__file__).parents[1]
STOP_SECONDS = 15.0
READY_SECONDS = 60.0


class WorkerError(AssertionError):
    """The worker did not do what was waited for; the message holds the end of its log."""


class Worker:
    """One worker on ``bootstrap``. ``directory`` takes its tables and its log; ``settings`` add to the environment.

    ``app`` is the module that Faust is told to run.
    """

    def __init__(
        self,
        bootstrap: str,
        directory: Path,
        settings: Mapping[str, str],
        port: int | None = None,
        app: str = "signalstream",
    ) -> None:
        self._app = app
        self.port = free_port() if port is None else port
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = directory / "worker.log"
        self.data_dir = directory / "data"
        self._settings = {"SIGNALSTREAM_KAFKA_BROKERS": bootstrap, **settings}
        self._process: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        """Return the process's environment: this machine's without its SignalStream settings, then the test's own."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("SIGNALSTREAM_", "GEMINI_"))
        }
        defaults = {
            "SIGNALSTREAM_AUTH": "off",
            "SIGNALSTREAM_ENCRYPTION": "off",
            "SIGNALSTREAM_DEFAULT_TENANT": "demo-tenant",
            "SIGNALSTREAM_ANALYST": "local",
            "SIGNALSTREAM_LOG_FORMAT": "json",
            "SIGNALSTREAM_DATA_DIR": str(self.data_dir),
        }
        return {**inherited, "PYTHONPATH": str(REPOSITORY), **defaults, **self._settings}

    def start(self) -> None:
        """Start the process; returns at once. It works in its own directory, so no ``.env`` is read by chance."""
        command = [sys.executable, "-m", "faust", "-A", self._app, "worker", "-l", "info"]
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._process = start_child(
            [*command, "--web-port", str(self.port)], self.log_path, env=self.environment(), cwd=self.data_dir.parent
        )

    @property
    def pid(self) -> int:
        """Return the running worker's process id."""
        if self._process is None:
            raise WorkerError("this worker is not running; call start() first")
        return self._process.pid

    def wait_ready(self, timeout_seconds: float = READY_SECONDS) -> None:
        """Wait till ``/ready`` says 200. Raises WorkerError with the last answer and the end of the log."""
        deadline = time.monotonic() + timeout_seconds
        answer = "no answer"
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                code = None if self._process is None else end_child(self._process, 0)
                raise self._error(f"ended with code {code} before it was ready")
            status, answer = get(f"{self.url}/ready")
            if status == 200:
                return
            time.sleep(0.1)
        raise self._error(f"was not ready within {timeout_seconds:.0f} s; /ready said: {answer}")

    def wait_ended(self, timeout_seconds: float) -> int:
        """Wait till the worker has ended by itself and return its exit code."""
        if self._process is None:
            raise WorkerError("this worker is not running; call start() first")
        process, self._process = self._process, None
        try:
            return process.wait(timeout_seconds)
        finally:
            end_child(process, STOP_SECONDS)

    def terminate(self) -> int:
        """End the worker in order (SIGTERM) and return its exit code; it is killed after 15 s."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        return end_child(process, STOP_SECONDS)

    def kill(self) -> None:
        """End the worker as a crash would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self.terminate()

    def log(self, lines: int = 60) -> str:
        """Return the end of the worker's log."""
        return log_tail(self.log_path, lines)

    def _error(self, what: str) -> WorkerError:
        return WorkerError(f"the worker on {self.url} {what}; its log is {self.log_path} and ends:\n{self.log()}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.terminate()
        if error is not None:
            error.add_note(f"the log of the worker on {self.url} ends:\n{self.log()}")


def get(url: str, timeout_seconds: float = 5.0) -> tuple[int, str]:
    """Return the status and the body of a GET; status 0 and the reason when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_seconds) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def get_json(url: str) -> tuple[int, object]:
    """Return the status and the decoded body of a GET that answers JSON."""
    status, body = get(url)
    return status, json.loads(body) if body else None
