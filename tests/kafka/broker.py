"""One real Apache Kafka on loopback: a single KRaft node, broker and controller in one process.

Tests and benchmarks start it, stop it, freeze it and kill it. Its data survive a kill and a restart, and go away
with the object.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from signalstream.streaming.embedded import answers_kafka, free_port
from signalstream.streaming.lifeline import end_child, log_tail, start_child
from tests.kafka.jars import java_command, kafka_jars

START_SECONDS = 60.0
STOP_SECONDS = 10.0
STARTED = "Kafka Server started"
CLUSTER_ID = "c2lnbmFsc3RyZWFtLXRlcw"  # any 16 bytes in URL-safe base64
JVM_FLAGS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",  # else 2,000 lines of settings at each start
)
# A killed broker may register again only when its session is over: 4 s instead of 9.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=4000
auto.create.topics.enable=false
log.cleaner.backoff.ms=500
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""


class KafkaStartError(RuntimeError):
    """The broker did not start; the message holds the end of its log."""


class KafkaBroker:
    """A broker with a directory of its own (a temporary one by default) for its settings, data and log.

    ``properties`` are Kafka's settings with places for ``{port}``, ``{controller}`` (a port) and ``{data}``;
    ``format_options`` are further words for the formatting of the storage, as in ``--add-scram``.
    """

    def __init__(
        self,
        directory: Path | None = None,
        properties: str = PROPERTIES,
        port: int | None = None,
        format_options: Sequence[str] = (),
    ) -> None:
        self._temporary = directory is None
        self.directory = Path(tempfile.mkdtemp(prefix="kafka-")) if directory is None else directory
        self.log_path = self.directory / "server.log"
        self.port = free_port() if port is None else port
        self._properties = properties
        self._format_options = format_options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Return host:port for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Return the process id of the running broker."""
        if self._process is None:
            raise KafkaStartError("this broker is not running; call start() first")
        return self._process.pid

    def start(self) -> None:
        """Format the storage when it is new, start, and wait till clients are answered (60 s at most)."""
        if self._process is not None:
            raise KafkaStartError(f"this broker is running already, as process {self._process.pid}")
        properties = self.directory / "server.properties"
        if not properties.exists():
            self._format(properties)
        if self.log_path.exists():
            self.log_path.replace(self.log_path.with_suffix(".previous.log"))
        self._process = start_child([*self._java(), "kafka.Kafka", str(properties)], self.log_path)
        self._wait()

    def stop(self) -> None:
        """End the broker in order; kill it after 10 s. Its data stay."""
        if self._process is not None:
            self.resume()
            end_child(self._process, STOP_SECONDS)
            self._process = None

    def kill(self) -> None:
        """End the broker as a power cut would (SIGKILL). Its data stay."""
        if self._process is not None:
            self._process.kill()
            end_child(self._process, STOP_SECONDS)
            self._process = None

    def restart(self) -> None:
        """Stop the broker if it runs, and start it on the same port and data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze the process (SIGSTOP): connections stay open, nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on (SIGCONT)."""
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """Stop, and remove the data if their directory is a temporary one."""
        self.stop()
        if self._temporary:
            shutil.rmtree(self.directory, ignore_errors=True)

    def _java(self) -> list[str]:
        return [java_command(), *JVM_FLAGS, "-cp", f"{kafka_jars()}/*"]

    def _format(self, properties: Path) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        text = self._properties.format(port=self.port, controller=free_port(), data=self.directory / "data")
        properties.write_text(text)
        command = [*self._java(), "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties)]
        command += self._format_options
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_SECONDS)
        if done.returncode != 0:
            properties.unlink()
            raise KafkaStartError(f"Kafka's storage could not be formatted:\n{(done.stdout + done.stderr)[-2000:]}")

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if STARTED in log_tail(self.log_path, 50) and answers_kafka(self.port):
                return
            time.sleep(0.1)
        code = self._process.poll()
        self.kill()
        ended = f"did not answer within {START_SECONDS:.0f} s" if code is None else f"ended with code {code}"
        raise KafkaStartError(f"Apache Kafka {ended} on port {self.port}; its log ends:\n{log_tail(self.log_path, 40)}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
