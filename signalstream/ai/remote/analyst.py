"""The remote analyst: a large model answers, and whenever it cannot in time, the local analyst does and says why.

A turn is redacted, gathered with others of its tenant, asked, and its answer compared with what was sent. Tasks without
a prompt never leave the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf
from time import perf_counter
from typing import Protocol

import structlog

from signalstream.ai.analyst import Analyst, Answer, Foresees, Hurries
from signalstream.ai.line import Line
from signalstream.ai.remote import incoming, prompts
from signalstream.ai.remote.asking import Answers, Asking
from signalstream.ai.remote.backlog import Size
from signalstream.ai.remote.budget import Rebalanced
from signalstream.ai.remote.expecting import Expectation
from signalstream.ai.remote.gathering import Gathering
from signalstream.ai.remote.measuring import show_gathering
from signalstream.ai.remote.outgoing import OutgoingTurn
from signalstream.ai.remote.patience import Patience
from signalstream.ai.remote.provider import Provider, Question, Reply
from signalstream.ai.remote.sharing import Redacts, SharedRedaction
from signalstream.ai.remote.superseding import Superseding
from signalstream.ai.remote.waiting import Outcome, Waiting
from signalstream.ai.remote.watching import posed
from signalstream.core.reasons import code_of
from signalstream.errors import AnalystBadOutputError, AnalystError, AnalystOverdueError, AnalystSupersededError
from signalstream.metrics.metrics import Metrics
from signalstream.models.conversation import Turn

SEARCHED_AT_ONCE = 64  # turns whose texts are searched: more keep the search no busier, and all of them would be late
ANSWERED_LOCALLY_AT_ONCE = 16  # turns in the model's stead: few, or they took the CPU from those that it answers
SLICE_SECONDS = 0.003
log = structlog.get_logger()


class Calls(Protocol):
    """A question asked through every layer: see ``calling``."""

    async def call(self, question: Question, deadline: float, tenant: str) -> Reply:
        """Return the reply by ``deadline``, the loop's time. Raises AnalystError."""
        ...

    def answer_seconds(self) -> float:
        """Return how long an answer takes, as a rule; 0 while nobody knows."""
        ...

    def question_seconds(self, ahead: int) -> float:
        """Return how long a question waits until it may go, after ``ahead`` others; inf when none goes at all."""
        ...

    def goes_at_once(self, ahead: int) -> bool:
        """Say whether a question would wait for nothing, neither for budget nor for a place, after ``ahead`` others."""
        ...

    def condition(self) -> Mapping[str, object]:
        """Describe the layers."""
        ...

    def follow(self, apps: Sequence[Rebalanced], *, topic: str, partitions: int, agents: int) -> None:
        """Let the budget follow the partitions of ``topic`` that ``apps`` have."""
        ...

    def show(self, metrics: Metrics) -> None:
        """Let ``metrics`` show what the layers count."""
        ...


class RemoteAnalyst:
    """Asks ``provider`` by way of ``calls``; ``local`` answers in its stead, with a reason."""

    def __init__(
        self,
        provider: Provider,
        calls: Calls,
        local: Analyst,
        *,
        outgoing: Redacts,
        size: Size,
        patience: Patience,
        line_seconds: float = inf,
    ) -> None:
        self._provider = provider
        self._calls = calls
        self._local = local
        self._outgoing = SharedRedaction(outgoing)
        self._patience = patience
        self._expected = Expectation(calls, patience)
        self._asking: Asking[OutgoingTurn] = Asking(Gathering(size, Superseding()), self._ask, self._expected)
        self._searches, self._line_seconds = Line(SEARCHED_AT_ONCE), line_seconds
        self._in_stead = Line(ANSWERED_LOCALLY_AT_ONCE)

    @property
    def name(self) -> str:
        """Return the provider's name."""
        return self._provider.name

    def follow(self, apps: Mapping[str, Rebalanced], topic: str, partitions: int) -> None:
        """Share the budget with other workers: by the partitions of ``topic`` that each agent's app has here."""
        asking = [app for agent, app in apps.items() if agent in prompts.PROMPTS]
        if asking:
            self._calls.follow(asking, topic=topic, partitions=partitions, agents=len(prompts.PROMPTS))

    def show(self, metrics: Metrics) -> None:
        """Let ``metrics`` show calls and gatherings."""
        self._calls.show(metrics)
        show_gathering(metrics, self._asking.sizes, lambda: self._asking.waiting)

    async def start(self) -> None:
        """Start the local analyst, and open the channel to the model."""
        await self._local.start()
        await self._provider.start()

    async def stop(self) -> None:
        """Break off what is being asked; close the channel; stop the local analyst."""
        await self._asking.stop()
        await self._provider.stop()
        await self._local.stop()

    async def analyse(self, task: str, turn: Turn) -> Answer:
        """Analyse a turn. Raises AnalystSupersededError, and what the local analyst raises."""
        if task not in prompts.PROMPTS:
            return await self._local.analyse(task, turn)
        outcome = await self._outcome(task, turn)
        if outcome.result is not None:
            return Answer(outcome.result, engine=self.name, model=outcome.model)
        if isinstance(outcome.error, AnalystSupersededError):
            raise outcome.error
        await self._in_stead.enter()
        try:
            answer = await self._local.analyse(task, turn)
        finally:
            self._in_stead.leave()
        reasons = [f"{self.name}: {outcome.error}", answer.degraded_reason]
        code = code_of(outcome.error)
        return replace(answer, degraded_reason="; ".join(filter(None, reasons)), degraded_code=code)

    def foresee(self, turn: Turn) -> None:
        """Begin the search for personal data, without which nothing is sent: see Foresees."""
        if isinstance(self._local, Foresees):
            self._local.foresee(turn)

    def in_a_hurry(self) -> Analyst:
        """Return whoever answers at once: see Hurries."""
        return self._local.in_a_hurry() if isinstance(self._local, Hurries) else self._local

    def health(self) -> dict[str, object]:
        """Describe the model's condition, what waits for it, and the local analyst."""
        remote, local = dict(self._calls.condition()), self._local.health()
        parts = [remote.get("status", "ok"), local.get("status", "ok")]
        return {
            "status": "ok" if all(part == "ok" for part in parts) else "degraded",
            "engine": self.name,
            "model": self._provider.model,
            "remote": remote,
            "gathering": self._asking.condition(),
            "patience_seconds": self._patience.seconds,
            "local": local,
        }

    async def _outcome(self, task: str, turn: Turn) -> Outcome:
        came = asyncio.get_running_loop().time()
        try:
            await self._searches.enter(came + self._line_seconds)
            came = asyncio.get_running_loop().time()
            async with self._patience.limit(came):
                try:
                    outgoing = await self._outgoing.redacted(turn)
                finally:
                    self._searches.leave()
                return await self._asking.outcome(self._waiting(task, outgoing, came + self._patience.longest))
        except TimeoutError:
            waited = asyncio.get_running_loop().time() - came
            return Outcome(error=AnalystOverdueError(f"no answer within {waited:.2g} s"))
        except AnalystError as error:
            return Outcome(error=error)

    def _waiting(self, task: str, outgoing: OutgoingTurn, deadline: float) -> Waiting[OutgoingTurn]:
        message = outgoing.turn.message
        return Waiting(
            task=task,
            tenant=message.tenant_id,
            conversation=message.conversation_id,
            seq=outgoing.turn.generation + outgoing.turn.seq,  # an erased conversation begins with 1 again
            id=outgoing.id,
            turn=outgoing,
            characters=sum(len(line.text) for line in prompts.lines_of(prompts.PROMPTS[task], outgoing)),
            deadline=deadline,
        )

    async def _ask(self, batch: Sequence[Waiting[OutgoingTurn]], begun: Callable[[], None]) -> Answers:
        task, turns, loop = batch[0].task, [entry.turn for entry in batch], asyncio.get_running_loop()
        sent_at = loop.time()

        def sent() -> None:
            nonlocal sent_at
            sent_at = loop.time()
            begun()

        deadline = max(entry.deadline for entry in batch)
        reply = await self._calls.call(posed(prompts.question_for(task, turns), sent), deadline, batch[0].tenant)
        try:
            found = await _read(task, reply, turns)
        except AnalystBadOutputError as error:
            return Answers({}, {entry.name: str(error) for entry in batch}, reply.model)
        self._expected.read(loop.time() - sent_at)
        results = {(task, turn): result for turn, result in found.results.items()}
        return Answers(results, {(task, turn): why for turn, why in found.refused.items()}, reply.model)


async def _read(task: str, reply: Reply, turns: Sequence[OutgoingTurn]) -> incoming.Answers:
    """Read an answer in slices: all at once would be felt in every POST, one by one each would wait for a busy loop."""
    found = incoming.Answers()
    until = perf_counter() + SLICE_SECONDS
    for _ in incoming.reading(task, reply.value, turns, found):
        if perf_counter() >= until:
            await asyncio.sleep(0)
            until = perf_counter() + SLICE_SECONDS
    return found
