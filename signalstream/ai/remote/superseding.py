"""Of a conversation's waiting turns only the newest is asked, where an answer is about the conversation as a whole.

A summary of the newest turn says all that an older one's would, and an older one's would be shown to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from signalstream.ai.remote.waiting import Waiting

T = TypeVar("T")
ONLY_THE_NEWEST = frozenset({"summary"})


class Superseding(Generic[T]):
    """Knows the newest waiting turn of each conversation, for the ``tasks`` of which no older one is asked."""

    def __init__(self, tasks: Iterable[str] = ONLY_THE_NEWEST) -> None:
        self._tasks = frozenset(tasks)
        self._newest: dict[tuple[str, str, str], Waiting[T]] = {}

    def enter(self, entry: Waiting[T]) -> Waiting[T] | None:
        """Take a turn in; return the one that need not be asked any more: an older one, this one, or none."""
        if entry.task not in self._tasks:
            return None
        before = self._newest.get(_of(entry))
        if before is not None and (before.ended.done() or before.seq == entry.seq):
            before = None  # nobody waits for it, or it is a repeat: each asks for itself
        if before is not None and before.seq > entry.seq:
            return entry
        self._newest[_of(entry)] = entry
        return before

    def waits(self, entry: Waiting[T]) -> bool:
        """Say whether a turn of the conversation waits, whose place this one would take, or which would outlast it."""
        before = self._newest.get(_of(entry)) if entry.task in self._tasks else None
        return before is not None and not before.ended.done() and before.seq != entry.seq

    def leave(self, entry: Waiting[T]) -> None:
        """Forget a turn that waits no more."""
        if self._newest.get(_of(entry)) is entry:
            del self._newest[_of(entry)]


def _of(entry: Waiting[T]) -> tuple[str, str, str]:
    return entry.task, entry.tenant, entry.conversation
