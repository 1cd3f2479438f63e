"""Turns in, outcomes out: one question at a time is formed, as late as possible, of whatever waits by then.

The next question is formed when the one before has reached the model, and so has its budget, or while there is budget
for both. Until then turns gather.
A gathering that gives no usable answer is asked again one turn at a time, so that one poison message harms no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Generic, Protocol, TypeVar

import structlog

from signalstream.ai.remote.gathering import TOO_MANY, Gathering
from signalstream.ai.remote.waiting import Name, Outcome, Waiting
from signalstream.errors import (
    AnalystBadOutputError,
    AnalystError,
    AnalystOverloadedError,
    AnalystRefusedError,
    AnalystUnavailableError,
)
from signalstream.models.base import Model

MOST_FAILURES = 2  # answers that hold nothing usable for a turn, after which it is given up
STOPPED = Outcome(error=AnalystUnavailableError("it is being stopped"))
T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True)
class Answers:
    """What a question's answer holds: results by task and id; why others have none; the model that gave them."""

    results: Mapping[Name, Model]
    reasons: Mapping[Name, str]
    model: str


class Expected(Protocol):
    """What is to be expected of the next questions."""

    def answer_seconds(self) -> float:
        """Return how long an answer takes, as a rule, from the question's going out until it has been read."""
        ...

    def question_seconds(self, ahead: int) -> float:
        """Return how long a question waits until it may go, after ``ahead`` others; inf when none goes at all."""
        ...

    def goes_at_once(self, ahead: int) -> bool:
        """Say whether a question would wait for nothing, neither for budget nor for a place, after ``ahead`` others."""
        ...


Ask = Callable[[Sequence[Waiting[T]], Callable[[], None]], Coroutine[Any, Any, Answers]]
"""Asks one question about turns of one tenant; calls the second when it reaches the model. Raises AnalystError."""


@dataclass
class Sizes:
    """How many turns the questions held."""

    questions: int = 0
    turns: int = 0
    newest: int = 0
    largest: int = 0

    def note(self, turns: int) -> None:
        """Count a question."""
        self.questions += 1
        self.turns += turns
        self.newest, self.largest = turns, max(self.largest, turns)


class Asking(Generic[T]):
    """Gives every turn exactly one outcome; it lives in one event loop."""

    def __init__(self, gathering: Gathering[T], ask: Ask[T], expected: Expected) -> None:
        self._gathering = gathering
        self._ask = ask
        self._expected = expected
        self._pump: asyncio.Task[None] | None = None
        self._calls: dict[asyncio.Task[None], list[Waiting[T]]] = {}
        self._formed = 0  # questions that have not reached the model yet
        self.sizes = Sizes()

    async def outcome(self, entry: Waiting[T]) -> Outcome:
        """Return how a turn ended. When the caller stops waiting, the turn is asked no more.

        One whose answer is expected too late is not asked: it ends at once, and takes no budget from the others.
        """
        if self._is_too_late(entry):
            return Outcome(error=AnalystOverloadedError(TOO_MANY))
        self._gathering.add(entry)
        self._start()
        return await entry.ended

    async def stop(self) -> None:
        """Break off what is being asked; every turn that waits is told so."""
        being_asked = list(self._calls.values())
        tasks = [task for task in (self._pump, *self._calls) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for batch in (*being_asked, *iter(self._gathering.take, [])):
            _end(batch, STOPPED)

    @property
    def waiting(self) -> int:
        """Return how many turns wait to be asked about."""
        return self._gathering.waiting

    def condition(self) -> dict[str, object]:
        """Say how many turns wait and how many the questions held."""
        sizes = self.sizes
        mean = round(sizes.turns / sizes.questions, 2) if sizes.questions else None
        sizes_part = {"questions": sizes.questions, "turns": sizes.turns, "newest": sizes.newest}
        return {"waiting": self.waiting, **sizes_part, "largest": sizes.largest, "mean": mean}

    def _is_too_late(self, entry: Waiting[T]) -> bool:
        ahead = self._gathering.ahead(entry)
        if ahead == 0:
            return False  # the layers below say it when not even the next question has room
        wait = self._expected.question_seconds(ahead) + self._expected.answer_seconds()
        return wait < inf and asyncio.get_running_loop().time() + wait > entry.deadline

    def _start(self) -> None:
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while batch := self._gathering.take(loop.time() + self._expected.answer_seconds()):
            begun = asyncio.Event()
            call = asyncio.create_task(self._settle(batch, begun))
            self._calls[call] = batch
            call.add_done_callback(self._calls.pop)
            self._formed += 1
            if not self._expected.goes_at_once(self._formed):
                await begun.wait()

    async def _settle(self, batch: list[Waiting[T]], begun: asyncio.Event) -> None:
        self.sizes.note(len(batch))

        def begin() -> None:
            if not begun.is_set():
                self._formed -= 1
                begun.set()

        try:
            answers = await self._ask(batch, begin)
        except (AnalystBadOutputError, AnalystRefusedError) as error:
            self._split(batch, error)
        except AnalystError as error:
            _end(batch, Outcome(error=error))
        except Exception as error:  # noqa: BLE001 - a fault of ours must not leave turns without an outcome
            log.error("remote.fault", error=type(error).__name__, turns=len(batch))  # noqa: TRY400 - may hold text
            _end(batch, Outcome(error=AnalystError(f"a fault in asking: {type(error).__name__}")))
        else:
            self._share(batch, answers)
        finally:
            begin()

    def _share(self, batch: list[Waiting[T]], answers: Answers) -> None:
        missing = []
        for entry in batch:
            if entry.name in answers.results:
                entry.end(Outcome(answers.results[entry.name], answers.model))
                continue
            entry.failures += 1
            if entry.failures < MOST_FAILURES:
                missing.append(entry)
            else:
                why = answers.reasons.get(entry.name, "the answer holds nothing for this turn")
                entry.end(Outcome(error=AnalystBadOutputError(why)))
        self._again(missing)

    def _split(self, batch: list[Waiting[T]], error: AnalystError) -> None:
        """Ask each turn of a gathering alone; one that was alone is answered: the layers below have asked again."""
        if len(batch) == 1:
            batch[0].end(Outcome(error=error))
        else:
            self._again(batch)

    def _again(self, entries: list[Waiting[T]]) -> None:
        self._gathering.put_back(entry for entry in entries if not entry.ended.done())
        self._start()


def _end(batch: list[Waiting[T]], outcome: Outcome) -> None:
    for entry in batch:
        entry.end(outcome)
