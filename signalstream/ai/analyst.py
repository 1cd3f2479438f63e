"""The protocol between agents and whoever produces analyses; agents know nothing else of the AI layer.

A new analyst implements ``Analyst`` and raises nothing but the AnalystError family of ``signalstream.errors``.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from signalstream.core.reasons import ReasonCode
from signalstream.metrics.metrics import Metrics
from signalstream.models.base import Model
from signalstream.models.conversation import Turn


@dataclass(frozen=True)
class Answer:
    """A usable result. ``degraded_reason`` is set when a lesser analyst than the chosen one gave it."""

    result: Model
    engine: str
    model: str | None = None
    degraded_reason: str | None = None
    degraded_code: ReasonCode | None = None


class Analyst(Protocol):
    """Produces analyses. Every method may be called from many tasks of one event loop at once."""

    @property
    def name(self) -> str:
        """Return the name that settings choose it by: ``local``, ``gemini``, ..."""
        ...

    async def start(self) -> None:
        """Open what it needs, inside the running event loop."""
        ...

    async def stop(self) -> None:
        """Close what ``start`` opened."""
        ...

    def analyse(self, task: str, turn: Turn) -> Coroutine[Any, Any, Answer]:
        """Analyse a turn for ``task`` (an AI agent's name, as in ``sentiment``).

        The answer's result is an instance of the task's result model. Raises AnalystError and its subclasses.
        """
        ...

    def health(self) -> dict[str, object]:
        """Describe its condition for ``/health``: at least ``{"status": "ok" | "degraded"}``."""
        ...


@runtime_checkable
class Foresees(Protocol):
    """An analyst that can begin what all analyses of a turn need, before an agent has taken it."""

    def foresee(self, turn: Turn) -> None:
        """Begin it if there is nothing else to do. It waits for nothing, fails at nothing, and may be in vain."""
        ...


@runtime_checkable
class AsksElsewhere(Protocol):
    """An analyst that waits for a server more than it computes, and has a budget there that workers share."""

    def follow(self, apps: Mapping[str, Any], topic: str, partitions: int) -> None:
        """Take the part of the budget that goes with the partitions of ``topic`` that each agent's app has here."""
        ...

    def show(self, metrics: Metrics) -> None:
        """Let ``metrics`` show what is asked."""
        ...


@runtime_checkable
class Hurries(Protocol):
    """An analyst that knows a lesser one, which waits for nothing: no network, no model, no other's work."""

    def in_a_hurry(self) -> Analyst:
        """Return it; it needs no ``start``."""
        ...
