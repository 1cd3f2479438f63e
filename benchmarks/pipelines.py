"""What is measured: SignalStream with some workers, and the yardsticks, each started by its real command line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from benchmarks import outputs
from benchmarks.tail import PARTITIONS
from benchmarks.topics import create_topics
from benchmarks.workload import TENANT
from benchmarks.yardsticks.job import KINDS
from benchmarks.yardsticks.programs import BARE_FAUST, Program
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.encryption import opened_sealer
from signalstream.security.master_keys import new_master_key
from signalstream.settings import Settings
from signalstream.streaming.embedded import free_port
from signalstream.streaming.lifeline import end_child, log_tail, start_child
from tests.workers import REPOSITORY, Worker

STOP_SECONDS = 15.0
YARDSTICK_TOPICS = ("raw", "turns", *KINDS, "analyses", "aggregated")
UNLIMITED = {  # as good as: what one tenant may send is not what is measured
    "SIGNALSTREAM_REQUESTS_PER_MINUTE": "1000000",
    "SIGNALSTREAM_REQUESTS_BURST": "1000000",
    "SIGNALSTREAM_MESSAGES_PER_MINUTE": "1000000",
    "SIGNALSTREAM_MESSAGES_BURST": "1000000",
}
ONE_WORKER = "one worker"
TWO_WORKERS = "two workers"
SEALED = "one worker, everything on"
BARE = BARE_FAUST.name


class Pipeline(Protocol):
    """A running pipeline on fresh topics and an empty data directory."""

    name: str
    prefix: str
    raw_topic: str
    output_topic: str

    async def start(self) -> None:
        """Create what it does not create for itself, start its processes and wait till they say that they are ready."""
        ...

    def stop(self) -> None:
        """End its processes."""
        ...

    def kill(self) -> None:
        """End its processes as a crash would."""
        ...

    @property
    def pids(self) -> Sequence[int]:
        """Return its processes' ids."""
        ...

    @property
    def url(self) -> str | None:
        """Return where it takes messages by HTTP and shows insights by WebSocket, or None when it does not."""
        ...

    def sealer(self) -> AbstractAsyncContextManager[Sealer]:
        """Give what opens its outputs."""
        ...

    def completed(self, value: bytes) -> outputs.Covered | None:
        """Return the conversation and the turns that an output covers, or None when it is not a complete one."""
        ...

    def log(self) -> str:
        """Return the end of its processes' logs."""
        ...


class SignalStreamPipeline:
    """SignalStream as ``faust -A signalstream worker``, with the instant analyst.

    ``sealed``, everything that it writes is encrypted; the burst is not, which is produced past its door. Without
    ``metrics`` it counts nothing. ``roles`` are some of its roles, all by default.
    """

    def __init__(
        self,
        brokers: str,
        directory: Path,
        prefix: str,
        workers: int,
        *,
        sealed: bool = False,
        metrics: bool = True,
        roles: str | None = None,
    ) -> None:
        self.name = SEALED if sealed else TWO_WORKERS if workers == 2 else ONE_WORKER
        self.prefix = prefix
        self.raw_topic = f"{prefix}.messages.raw"
        self.output_topic = f"{prefix}.ai.aggregated"
        settings = {
            "SIGNALSTREAM_ANALYST": "benchmarks.instant_analyst:create",
            "SIGNALSTREAM_DEFAULT_TENANT": TENANT,
            "SIGNALSTREAM_APP_ID": prefix,
            "SIGNALSTREAM_TOPIC_PREFIX": prefix,
            "SIGNALSTREAM_PARTITIONS": str(PARTITIONS),
            "SIGNALSTREAM_METRICS": "on" if metrics else "off",
            **UNLIMITED,
            **({"SIGNALSTREAM_ROLES": roles} if roles else {}),
        }
        self._settings = Settings(
            _env_file=None,  # type: ignore[call-arg] # pydantic-settings takes it, its stubs do not say so
            kafka_brokers=(brokers,),
            app_id=prefix,
            topic_prefix=prefix,
            partitions=PARTITIONS,
            encryption="off",
        )
        if sealed:
            key = new_master_key()
            settings |= {"SIGNALSTREAM_ENCRYPTION": "migrate", "SIGNALSTREAM_MASTER_KEYS": key}
            self._settings = self._settings.model_copy(update={"encryption": "migrate", "master_keys": SecretStr(key)})
        self.workers = [Worker(brokers, directory / f"worker-{number}", settings) for number in range(workers)]

    async def start(self) -> None:
        """See Pipeline. The workers create their topics themselves."""
        for worker in self.workers:
            worker.start()
        for worker in self.workers:
            worker.wait_ready()

    def stop(self) -> None:
        """See Pipeline."""
        for worker in self.workers:
            worker.terminate()

    def kill(self) -> None:
        """See Pipeline."""
        for worker in self.workers:
            worker.kill()

    @property
    def pids(self) -> Sequence[int]:
        """See Pipeline."""
        return [worker.pid for worker in self.workers]

    @property
    def url(self) -> str | None:
        """See Pipeline."""
        return self.workers[0].url

    def sealer(self) -> AbstractAsyncContextManager[Sealer]:
        """See Pipeline."""
        return opened_sealer(self._settings)

    def completed(self, value: bytes) -> outputs.Covered | None:
        """See Pipeline."""
        return outputs.of_update(value)

    def log(self) -> str:
        """See Pipeline."""
        return "\n".join(worker.log(30) for worker in self.workers)


class YardstickPipeline:
    """One of ``benchmarks.yardsticks``: the same hops in a process of its own."""

    def __init__(self, brokers: str, directory: Path, prefix: str, program: Program) -> None:
        self.name = program.name
        self.prefix = prefix
        self.raw_topic = f"{prefix}.raw"
        self.output_topic = f"{prefix}.aggregated"
        self._program = program
        self._brokers = brokers
        self._directory = directory
        self._port = free_port()
        self._child: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """See Pipeline. It has no readiness of its own; the warm-up waits for its first outputs."""
        policies = {f"{self.prefix}.{name}": "delete" for name in YARDSTICK_TOPICS}
        for app in (self.prefix, f"{self.prefix}-core"):
            policies |= {f"{app}-{table}-changelog": "compact" for table in ("conversations", "insights")}
        await create_topics(self._brokers, PARTITIONS, policies)
        environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "YARDSTICK_BROKERS": self._brokers,
            "YARDSTICK_PREFIX": self.prefix,
            "YARDSTICK_PARTITIONS": str(PARTITIONS),
            "YARDSTICK_PORT": str(self._port),
            "YARDSTICK_DATA_DIR": str(self._directory / "data"),
        }
        self._directory.mkdir(parents=True, exist_ok=True)
        command = [self._program.python, *self._program.words]
        if "faust" in self._program.words:
            command += ["--web-port", str(self._port)]
        self._child = start_child(command, self._log_path, env=environment, cwd=self._directory)

    def stop(self) -> None:
        """See Pipeline."""
        if self._child is not None:
            end_child(self._child, STOP_SECONDS)
            self._child = None

    def kill(self) -> None:
        """See Pipeline."""
        if self._child is not None:
            self._child.kill()
        self.stop()

    @property
    def pids(self) -> Sequence[int]:
        """See Pipeline."""
        return [] if self._child is None else [self._child.pid]

    @property
    def url(self) -> str | None:
        """See Pipeline."""
        return f"http://127.0.0.1:{self._port}" if self._program.serves else None

    def sealer(self) -> AbstractAsyncContextManager[Sealer]:
        """See Pipeline. It seals nothing."""
        return nullcontext(UNSEALED)

    def completed(self, value: bytes) -> outputs.Covered | None:
        """See Pipeline."""
        return outputs.of_bare(value)

    def log(self) -> str:
        """See Pipeline."""
        return log_tail(self._log_path, 30)

    @property
    def _log_path(self) -> Path:
        return self._directory / "worker.log"


class BareFaustPipeline(YardstickPipeline):
    """The first of the yardsticks: a stock Faust worker with one app."""

    def __init__(self, brokers: str, directory: Path, prefix: str) -> None:
        super().__init__(brokers, directory, prefix, BARE_FAUST)
