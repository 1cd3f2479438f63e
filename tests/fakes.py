"""What stands in for the rest of the worker in tests: small classes behind the same interfaces as the real parts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from signalstream.ai.analyst import Answer
from signalstream.ai.remote.provider import Question, Reply, Tokens
from signalstream.core.audit import AuditEvent
from signalstream.core.condition import Condition
from signalstream.core.keys import ConversationKey
from signalstream.core.latency import Latency
from signalstream.errors import AnalystUnavailableError
from signalstream.metrics.metrics import Add, Observe, Readings
from signalstream.metrics.registry import METRICS, CounterName, GaugeName, HistogramName
from signalstream.models.conversation import ConversationView, Turn
from signalstream.models.erasure import ErasureMark
from signalstream.models.intelligence import Insight
from signalstream.models.messages import Message
from signalstream.models.windows import Timeline


@dataclass
class FixedClock:
    """A clock that stands still until it is set."""

    time: datetime

    def now(self) -> datetime:
        return self.time


@dataclass
class FakeIngest:
    """Keeps what was accepted; raises ``error`` instead when there is one, waits for ``gate`` when there is one."""

    accepted: list[tuple[Message, str]] = field(default_factory=list)
    error: Exception | None = None
    gate: asyncio.Event | None = None
    erased: list[ConversationKey] = field(default_factory=list)
    milliseconds: int = 1  # when the broker takes a request to erase in

    async def erase(self, key: ConversationKey, request_id: str) -> int:
        if self.error is not None:
            raise self.error
        self.erased.append(key)
        return self.milliseconds

    async def accept(self, message: Message, request_id: str) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.accepted.append((message, request_id))

    def recently_accepted(self, key: ConversationKey) -> bool:
        return any((message.tenant_id, message.conversation_id) == key for message, _ in self.accepted)


@dataclass
class FakeReader:
    """Tables in memory; raises ``error`` instead of reading when there is one."""

    insights: dict[ConversationKey, Insight] = field(default_factory=dict)
    conversations: dict[ConversationKey, ConversationView] = field(default_factory=dict)
    timelines: dict[ConversationKey, Timeline] = field(default_factory=dict)
    marks: dict[ConversationKey, ErasureMark] = field(default_factory=dict)
    error: Exception | None = None

    def insight(self, key: ConversationKey) -> Insight | None:
        if self.error is not None:
            raise self.error
        return self.insights.get(key)

    def conversation(self, key: ConversationKey, limit: int) -> ConversationView | None:
        view = self.conversations.get(key)
        return view and view.model_copy(update={"messages": view.messages[-limit:]})

    def timeline(self, key: ConversationKey) -> Timeline | None:
        return self.timelines.get(key)

    def erasure(self, key: ConversationKey) -> ErasureMark | None:
        return self.marks.get(key)


@dataclass
class FakeOwnership:
    """This worker owns everything, unless ``url`` names another or ``error`` says that nobody knows.

    Its copies have the ``age``, the workers at ``copies`` have some too.
    """

    url: str | None = None
    error: Exception | None = None
    age: float | None = None
    copies: tuple[str, ...] = ()
    sharers: int = 1

    def owner_url(self, key: ConversationKey) -> str | None:
        if self.error is not None:
            raise self.error
        return self.url

    def copy_age(self, key: ConversationKey) -> float | None:
        return self.age

    def copy_urls(self, key: ConversationKey) -> tuple[str, ...]:
        return self.copies

    def workers(self) -> int:
        return self.sharers


@dataclass
class FakeOperations:
    """A worker whose condition is what the test says."""

    ok: bool = True
    parts: Mapping[str, dict[str, object]] = field(default_factory=lambda: {"broker": {"status": "ok"}})

    async def ready(self) -> Condition:
        return await self.live()

    async def health(self) -> Condition:
        return await self.live()

    async def live(self) -> Condition:
        return Condition(self.ok, dict(self.parts))


class Sent(NamedTuple):
    """A record as an outbox was given it."""

    topic: str
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]


@dataclass
class RecordingOutbox:
    """Keeps what was sent; raises the errors of ``failures``, one for each attempt to send, before it keeps any."""

    sent: list[Sent] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    async def send(self, topic: str, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(Sent(topic, key, value, headers))

    def on(self, topic: str) -> list[Sent]:
        return [record for record in self.sent if record.topic == topic]


@dataclass
class FakeAuditTrail:
    """Keeps the events; raises ``error`` instead when there is one."""

    events: list[AuditEvent] = field(default_factory=list)
    error: Exception | None = None

    async def record(self, event: AuditEvent) -> None:
        if self.error is not None:
            raise self.error
        self.events.append(event)


@dataclass
class ScriptedAnalyst:
    """An analyst that gives ``answer``: returns one, raises an exception, or never ends for None."""

    answer: Answer | BaseException | None
    name: str = "scripted"
    asked: list[tuple[str, Turn]] = field(default_factory=list)

    async def start(self) -> None:
        return None

    async def stop(self) -> None:
        return None

    async def analyse(self, task: str, turn: Turn) -> Answer:
        self.asked.append((task, turn))
        if self.answer is None:
            await asyncio.Event().wait()
        if isinstance(self.answer, Answer):
            return self.answer
        assert self.answer is not None
        raise self.answer

    def health(self) -> dict[str, object]:
        return {"status": "ok"}


@dataclass
class RecordingMetrics:
    """Keeps what is counted: sums and durations by name and labels, and what ``read`` was told to ask for."""

    sums: Counter[tuple[str, ...]] = field(default_factory=Counter)
    durations: dict[tuple[str, ...], list[float]] = field(default_factory=dict)
    sources: dict[str, list[Callable[[], Readings]]] = field(default_factory=dict)
    latencies: dict[str, Callable[[], Latency]] = field(default_factory=dict)

    def counter(self, name: CounterName, *labels: str) -> Add:
        assert len(labels) == len(METRICS[name].labels)

        def add(amount: float = 1) -> None:
            self.sums[name, *labels] += amount  # type: ignore[assignment]  # counters count in floats here

        return add

    def histogram(self, name: HistogramName, *labels: str) -> Observe:
        assert len(labels) == len(METRICS[name].labels)
        return self.durations.setdefault((name, *labels), []).append

    def read(self, name: CounterName | GaugeName, source: Callable[[], Readings]) -> None:
        self.sources.setdefault(name, []).append(source)

    def read_latency(self, name: HistogramName, source: Callable[[], Latency]) -> None:
        self.latencies[name] = source

    def text(self) -> bytes:
        return b"what was counted\n"

    def now(self, name: CounterName | GaugeName) -> dict[tuple[str, ...], float]:
        """Return what the sources of a metric say now."""
        found: dict[tuple[str, ...], float] = {}
        for source in self.sources.get(name, []):
            readings = source()
            assert all(len(labels) == len(METRICS[name].labels) for labels in readings)
            found.update(readings)
        return found


def replied(question: Question) -> Reply:
    """Answer a question with its own name."""
    return Reply({"asked": question.name}, "fake-1", Tokens(prompt=100, output=20))


@dataclass
class FakeProvider:
    """A remote model: each attempt takes the next of ``script``, and when that is used up, ``otherwise``'s answer.

    After ``latency_seconds`` a Reply is returned, an exception raised, and None never answers. A float is a latency of
    its own for an answer of ``otherwise``. Like every adapter, it raises AnalystUnavailableError when time is up.
    """

    script: list[Reply | BaseException | float | None] = field(default_factory=list)
    otherwise: Callable[[Question], Reply | BaseException | None] = replied
    latency_seconds: float = 0.0
    name: str = "fake"
    model: str = "fake-1"
    questions: list[Question] = field(default_factory=list)
    asked_at: list[float] = field(default_factory=list)  # the loop's time of each attempt
    timeouts: list[float] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    started: bool = False

    async def start(self) -> None:
        self.started = True

    async def stop(self) -> None:
        self.started = False

    async def ask(self, question: Question, timeout_seconds: float) -> Reply:
        self.questions.append(question)
        self.asked_at.append(asyncio.get_running_loop().time())
        self.timeouts.append(timeout_seconds)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._answer(question)
        except TimeoutError:
            raise AnalystUnavailableError(f"the fake did not answer within {timeout_seconds:g} s") from None
        finally:
            self.in_flight -= 1

    async def _answer(self, question: Question) -> Reply:
        step = self.script.pop(0) if self.script else self.latency_seconds
        await asyncio.sleep(step if isinstance(step, float) else self.latency_seconds)
        answer = self.otherwise(question) if isinstance(step, float) else step
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Reply):
            return answer
        assert answer is not None
        raise answer
