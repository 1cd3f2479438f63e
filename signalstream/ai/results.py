"""What each AI agent's result must be, and how the local analyst does what has a file of its own in ``ai/tasks``."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple, Protocol, cast

from signalstream.models.agents import AI_AGENTS
from signalstream.models.base import Model
from signalstream.models.conversation import Turn
from signalstream.models.intelligence import RESULTS
from signalstream.settings import Settings


class Found(NamedTuple):
    """A result, and what found it."""

    result: Model
    engine: str


class Judge(Protocol):
    """Does a task by itself, at once."""

    missing: str | None
    """Why it does with less than it should, or None."""

    def judge(self, turn: Turn) -> Found:
        """Return what it finds in a turn."""
        ...


class Task(Protocol):
    """What a module of ``ai/tasks`` holds."""

    RESULT: type[Model]
    local: Callable[[Settings | None], Judge]
    """Loads what it needs, which may take a second; without settings by their defaults."""


def task_of(agent: str) -> Task | None:
    """Return the module of an agent that has a file in ``ai/tasks``; None for the first four."""
    return None if agent in RESULTS else cast("Task", import_module(f"signalstream.ai.tasks.{agent}"))


def result_of(agent: str) -> type[Model]:
    """Return what an agent's result must be."""
    task = task_of(agent)
    return RESULTS[agent] if task is None else task.RESULT


def local_judges(settings: Settings | None = None) -> dict[str, Judge]:
    """Return agent -> judge for every file of ``ai/tasks``. Call it in a thread: it loads their models."""
    tasks = {agent: task_of(agent) for agent in AI_AGENTS}
    return {agent: task.local(settings) for agent, task in tasks.items() if task is not None}
