"""A quiet tenant's latency without and with a neighbour that sends at many times its limit, in turn, on one worker."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aiokafka import AIOKafkaProducer
from pydantic import SecretStr

from benchmarks.child import begin_child, run_child
from benchmarks.flood import Answers, FloodSpec
from benchmarks.journal import Samples
from benchmarks.latency import Latency, summary
from benchmarks.load import LoadSpec
from benchmarks.processes import cpu_seconds
from signalstream.core.api_key import ID_BYTES, SECRET_BYTES
from signalstream.security.hashing import load_secrets
from signalstream.security.issuing import issue
from signalstream.security.key_rows import row_of
from signalstream.settings import Settings
from tests.workers import Worker

QUIET, NOISY = "quiet", "noisy"
ALONE, BESIDE = "alone", "beside the neighbour"
START_SECONDS = 60.0
MORE_SECONDS = 5.0  # that the neighbour sends for, so that the quiet tenant is never alone at the end
KNOWN_SECONDS = 5.0  # in which every worker has learned of a key
SCOPES = ("messages:write", "insights:read")


@dataclass(frozen=True)
class NeighbourPlan:
    """``limit`` is in messages a minute, of each tenant; the neighbour sends ``times`` as many."""

    rounds: int = 5
    seconds: float = 30.0
    rate: float = 5.0
    limit: int = 600
    burst: int = 60
    times: int = 20

    @property
    def flood_rate(self) -> float:
        """Return what the neighbour sends in a second."""
        return self.limit / 60 * self.times


QUICK_NEIGHBOUR = NeighbourPlan(rounds=1, seconds=8.0)


@dataclass
class Neighbourhood:
    """Latencies of the quiet tenant by how it was, and what the neighbour was answered."""

    latencies: dict[str, list[Latency]] = field(default_factory=lambda: {ALONE: [], BESIDE: []})
    answers: list[Answers] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Return how many messages of the quiet tenant were refused or had no complete insight."""
        return sum(run.missing + len(run.failures) for runs in self.latencies.values() for run in runs)


def run_neighbour(plan: NeighbourPlan, brokers: str, directory: Path, say: Callable[[str], object]) -> Neighbourhood:
    """Run all rounds on one worker; the order turns from round to round. Raises RuntimeError, WorkerError."""
    found, prefix = Neighbourhood(), f"neighbour-{uuid.uuid4().hex[:6]}"
    settings = _settings(plan, prefix)
    with Worker(brokers, directory, settings) as worker:
        worker.wait_ready()
        keys = asyncio.run(_issue(brokers, settings))
        _measure(plan, worker, brokers, keys, directory / "warm-up")
        for number in range(plan.rounds):
            for how in (ALONE, BESIDE) if number % 2 == 0 else (BESIDE, ALONE):
                folder = directory / f"{number}-{how.partition(' ')[0]}"
                with _flood(plan, worker.url, keys[NOISY], folder, found.answers) if how == BESIDE else _silence():
                    latency = _measure(plan, worker, brokers, keys, folder)
                found.latencies[how].append(latency)
                say(f"round {number + 1}, {how}: accepted p99 {latency.accepted_p99:.1f} ms, "
                    f"complete p99 {latency.covered_p99:.1f} ms, worker's CPU {latency.cpu_share:.2f}")  # fmt: skip
    return found


def _settings(plan: NeighbourPlan, prefix: str) -> dict[str, str]:
    return {
        "SIGNALSTREAM_APP_ID": prefix,
        "SIGNALSTREAM_TOPIC_PREFIX": prefix,
        "SIGNALSTREAM_AUTH": "required",
        "SIGNALSTREAM_AUTH_SECRET": secrets.token_urlsafe(32),
        "SIGNALSTREAM_ANALYST": "benchmarks.instant_analyst:create",
        "SIGNALSTREAM_MESSAGES_PER_MINUTE": str(plan.limit),
        "SIGNALSTREAM_MESSAGES_BURST": str(plan.burst),
    }


async def _issue(brokers: str, settings: dict[str, str]) -> dict[str, str]:
    """Return a key of each tenant, once the worker has had time to learn of them."""
    secret = SecretStr(settings["SIGNALSTREAM_AUTH_SECRET"])
    known = load_secrets(Settings(_env_file=None, auth_secret=secret))
    keys: dict[str, str] = {}
    async with AIOKafkaProducer(bootstrap_servers=brokers, acks="all") as producer:
        for tenant in (QUIET, NOISY):
            key, record = issue(
                known, secrets.token_bytes(ID_BYTES + SECRET_BYTES), tenant=tenant, scopes=SCOPES, label=tenant,
                now=datetime.now(UTC), expires_at=None,
            )  # fmt: skip
            row, value = row_of(record)
            await producer.send_and_wait(f"{settings['SIGNALSTREAM_TOPIC_PREFIX']}.security.keys", value, key=row)
            keys[tenant] = key.text
    await asyncio.sleep(KNOWN_SECONDS)
    return keys


def _measure(plan: NeighbourPlan, worker: Worker, brokers: str, keys: dict[str, str], folder: Path) -> Latency:
    spec = LoadSpec(
        url=worker.url,
        brokers=brokers,
        raw_topic="",
        output_topic="",
        name=f"quiet{uuid.uuid4().hex[:6]}",
        rate=plan.rate,
        requests=int(plan.rate * plan.seconds),
        conversations=max(1, int(plan.rate)),
        credential=keys[QUIET],
    )
    before, started = cpu_seconds([worker.pid]), time.monotonic()
    samples = run_child("benchmarks.load", spec, Samples, folder, plan.seconds + START_SECONDS)
    return summary(samples, (cpu_seconds([worker.pid]) - before) / (time.monotonic() - started))


@contextmanager
def _flood(plan: NeighbourPlan, url: str, credential: str, folder: Path, answers: list[Answers]) -> Iterator[None]:
    spec = FloodSpec(url=url, credential=credential, rate=plan.flood_rate, seconds=plan.seconds + MORE_SECONDS)
    flood = begin_child("benchmarks.flood", spec, folder / "flood")
    try:
        yield
        answers.append(flood.result(Answers, START_SECONDS))
    finally:
        flood.end()


@contextmanager
def _silence() -> Iterator[None]:
    yield
