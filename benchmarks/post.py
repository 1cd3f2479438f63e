"""POST: one, some and many clients against SignalStream and against FastAPI; and while the pipeline is at work.

For the clients the worker has the one role that takes messages in, so that no analysis is measured with it. It reads
the conversations' messages in the same loop all the while, which FastAPI's server does not. Beside the pipeline it has
all roles.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from aiokafka import AIOKafkaProducer

from benchmarks.child import run_child
from benchmarks.clients import Answered, ClientsSpec
from benchmarks.latency import Latency, run_latency
from benchmarks.pipelines import Pipeline, SignalStreamPipeline, YardstickPipeline
from benchmarks.rounds import WARM_UP_SECONDS, turned
from benchmarks.throughput import run_burst
from benchmarks.topics import delete_topics
from benchmarks.workload import load
from benchmarks.yardsticks.programs import FASTAPI
from tests.kafka.broker import KafkaBroker
from tests.workers import get

OWN = "SignalStream"
SHARE = 0.8  # of its capacity is what the pipeline works at
READY_SECONDS = 60.0


@dataclass(frozen=True)
class PostPlan:
    """How much is measured."""

    rounds: int = 3
    clients: Sequence[int] = (1, 16, 64)
    seconds: float = 5.0
    burst_messages: int = 1_500
    rate: float = 50.0
    beside_seconds: float = 10.0


QUICK_POST = PostPlan(rounds=1, clients=(1, 16), seconds=1.0, burst_messages=100, beside_seconds=2.0)


@dataclass
class Posted:
    """Answers by (server, clients), and POST beside the pipeline, in the order of rounds."""

    answered: dict[tuple[str, int], list[Answered]] = field(default_factory=dict)
    beside: list[Latency] = field(default_factory=list)
    absent: str | None = None

    @property
    def lost(self) -> int:
        """Return how many requests to SignalStream were refused, and how many messages did not come out."""
        refused = sum(len(run.failures) for (name, _), runs in self.answered.items() if name == OWN for run in runs)
        return refused + sum(run.missing + len(run.failures) for run in self.beside)


def run_post(plan: PostPlan, broker: KafkaBroker, directory: Path, say: Callable[[str], None]) -> Posted:
    """Run all rounds. Raises what a measure raises, with the end of the server's log as a note."""
    found = Posted(absent=FASTAPI.missing())
    names = (OWN,) if found.absent else (OWN, FASTAPI.name)
    for number in range(plan.rounds):
        for name in turned(names, number):
            say(f"round {number + 1} of {plan.rounds}: POST to {name}")
            with _serving(_server(name, broker, directory, number), broker) as server:
                _post(plan, server, name, directory, found)
        say(f"round {number + 1} of {plan.rounds}: POST while the pipeline works")
        pipeline = SignalStreamPipeline(broker.bootstrap, directory / f"b{number}", f"beside-{number}", 1, sealed=True)
        with _serving(pipeline, broker):
            found.beside.append(_beside(plan, broker, pipeline, directory / f"beside-load-{number}"))
    return found


def _server(name: str, broker: KafkaBroker, directory: Path, number: int) -> Pipeline:
    place, prefix = directory / f"post-{name}-{number}", f"post-{len(name)}-{number}"
    if name == FASTAPI.name:
        return YardstickPipeline(broker.bootstrap, place, prefix, FASTAPI)
    return SignalStreamPipeline(broker.bootstrap, place, prefix, 1, sealed=True, roles="core")


@contextmanager
def _serving(server: Pipeline, broker: KafkaBroker) -> Iterator[Pipeline]:
    try:
        asyncio.run(server.start())
        yield server
    except Exception as error:
        error.add_note(f"{server.name}: the log ends:\n{server.log()}")
        raise
    finally:
        server.stop()
        asyncio.run(delete_topics(broker.bootstrap, [server.prefix]))


def _post(plan: PostPlan, server: Pipeline, name: str, directory: Path, found: Posted) -> None:
    assert server.url is not None
    _wait_live(server.url)
    address = urlsplit(server.url)
    for clients in (plan.clients[0], *plan.clients):  # the first time to warm up
        spec = ClientsSpec(host=address.hostname or "", port=address.port or 0, clients=clients, seconds=plan.seconds)
        answered = run_child("benchmarks.clients", spec, Answered, directory / "clients", plan.seconds + READY_SECONDS)
        found.answered.setdefault((name, clients), []).append(answered)
    del found.answered[name, plan.clients[0]][-2]


def _wait_live(url: str) -> None:
    until = time.monotonic() + READY_SECONDS
    while get(f"{url}/live")[0] != 200:
        if time.monotonic() > until:
            raise RuntimeError(f"nobody answered {url}/live with 200 within {READY_SECONDS:.0f} s; look at its log")
        time.sleep(0.1)


def _beside(plan: PostPlan, broker: KafkaBroker, pipeline: Pipeline, directory: Path) -> Latency:
    now = datetime.now(UTC)
    for name, messages in (("warm", plan.burst_messages // 5), ("burst", plan.burst_messages)):
        sent = load(name, messages, max(1, messages // 3), now)
        burst = asyncio.run(run_burst(broker.bootstrap, broker.pid, pipeline, sent, WARM_UP_SECONDS))
        if burst.missing:
            raise RuntimeError(f"{burst.missing} of {messages} messages did not come out in {WARM_UP_SECONDS:.0f} s")
    with _working(broker.bootstrap, pipeline.raw_topic, SHARE * burst.messages_per_second):
        return run_latency(broker.bootstrap, pipeline, directory, plan.rate, plan.beside_seconds)


@contextmanager
def _working(brokers: str, topic: str, rate: float) -> Iterator[None]:
    """Produce messages straight into the raw topic at a rate, from a thread, for as long as the block lasts."""
    ended = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_produce(brokers, topic, rate, ended)))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


async def _produce(brokers: str, topic: str, rate: float, ended: threading.Event) -> None:
    loop, sent = asyncio.get_running_loop(), 0
    messages = load("work", 20_000, 500, datetime.now(UTC)).records()
    started = loop.time()
    async with AIOKafkaProducer(bootstrap_servers=brokers, acks="all", linger_ms=0) as producer:
        while not ended.is_set() and sent < len(messages):
            key, value = messages[sent]
            await producer.send(topic, value, key=key)
            sent += 1
            await asyncio.sleep(max(0.0, started + sent / rate - loop.time()))
