"""One preparation of a turn for all agents that ask about it: they read the same turn within moments."""

from __future__ import annotations

import asyncio
from typing import Protocol

from signalstream.ai.remote.outgoing import OutgoingTurn
from signalstream.models.conversation import Turn

MOST = 256  # as many as the agents of a process remember of the turns that they read


class Redacts(Protocol):
    """Prepares what may leave the process: see ``outgoing``."""

    async def redacted(self, turn: Turn) -> OutgoingTurn:
        """Return what may be sent of a turn. Raises AnalystWithheldError."""
        ...


class SharedRedaction:
    """What ``outgoing`` prepares, once for each turn; what failed is tried again by whoever asks next."""

    def __init__(self, outgoing: Redacts) -> None:
        self._outgoing = outgoing
        self._prepared: dict[int, tuple[Turn, asyncio.Task[OutgoingTurn]]] = {}  # by identity: a turn never changes

    async def redacted(self, turn: Turn) -> OutgoingTurn:
        """See Redacts."""
        known = self._prepared.get(id(turn))
        task = known[1] if known is not None and known[0] is turn else None
        if task is None or _failed(task):
            task = asyncio.create_task(self._redacted(turn))
            task.add_done_callback(_failed)  # looks at the exception, which otherwise is logged as never retrieved
            self._prepared.pop(id(turn), None)
            self._prepared[id(turn)] = turn, task
            if len(self._prepared) > MOST:
                del self._prepared[next(iter(self._prepared))]
        # Shielded: who else asks about the turn must not lose it when this caller is cancelled.
        return task.result() if task.done() else await asyncio.shield(task)

    async def _redacted(self, turn: Turn) -> OutgoingTurn:
        return await self._outgoing.redacted(turn)


def _failed(task: asyncio.Task[OutgoingTurn]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
