"""A turn that waits to be asked about, and how that ended: with a result or with the error that stood in its way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from signalstream.errors import AnalystError
from signalstream.models.base import Model

T = TypeVar("T")
Name = tuple[str, str]


@dataclass(frozen=True)
class Outcome:
    """What a turn got: ``result`` from ``model``, or ``error``."""

    result: Model | None = None
    model: str | None = None
    error: AnalystError | None = None


@dataclass(eq=False)
class Waiting(Generic[T]):
    """One turn for one task. ``turn`` is what leaves the process, ``id`` what its result will be matched by.

    ``deadline`` is the loop's time after which nobody waits any more. One that is ``alone`` shares its question with
    no other; ``failures`` counts the answers that held nothing usable for it.
    """

    task: str
    tenant: str
    conversation: str
    seq: int
    id: str
    turn: T
    characters: int
    deadline: float
    alone: bool = False
    failures: int = 0
    ended: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def name(self) -> Name:
        """Return what is its own within a question: the task and the id."""
        return self.task, self.id

    def end(self, outcome: Outcome) -> None:
        """Give it its outcome; one that has one, or that nobody waits for, keeps what it has."""
        if not self.ended.done():
            self.ended.set_result(outcome)
