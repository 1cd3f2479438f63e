"""One preparation of a turn for all agents that ask about it: they read the same turn within moments."""

from __future__ import annotations

import asyncio
from typing import Protocol

from signalstream.ai.remote.outgoing import OutgoingTurn
from signalstream.errors import AnalystError
from signalstream.models.conversation import Turn

MOST = 256  # as many as the agents of a process remember of the turns that they read


class Redacts(Protocol):
    """Prepares what may leave the process: see ``outgoing``."""

    async def redacted(self, turn: Turn) -> OutgoingTurn:
        """Return what may be sent of a turn. Raises AnalystWithheldError."""
        ...


class _GivenUpError(Exception):
    """Whoever prepared the turn stopped: those who wait do it themselves."""


class SharedRedaction:
    """What ``outgoing`` prepares, once for each turn: by the first who asks, at once, for the others to wait for.

    What failed is tried again by whoever asks later.
    """

    def __init__(self, outgoing: Redacts) -> None:
        self._outgoing = outgoing
        self._prepared: dict[int, tuple[Turn, asyncio.Future[OutgoingTurn]]] = {}  # by identity: a turn never changes

    async def redacted(self, turn: Turn) -> OutgoingTurn:
        """See Redacts."""
        known = self._prepared.get(id(turn))
        if known is not None and known[0] is turn:
            try:
                # Shielded: who else asks about the turn must not lose it when this caller is cancelled.
                return known[1].result() if known[1].done() else await asyncio.shield(known[1])
            except _GivenUpError:
                pass
        return await self._prepare(turn)

    async def _prepare(self, turn: Turn) -> OutgoingTurn:
        future = asyncio.get_running_loop().create_future()
        future.add_done_callback(_look_at)
        self._keep(turn, future)
        try:
            made = await self._outgoing.redacted(turn)
        except BaseException as error:
            self._prepared.pop(id(turn), None)
            future.set_exception(error if isinstance(error, AnalystError) else _GivenUpError())
            raise
        future.set_result(made)
        return made

    def _keep(self, turn: Turn, future: asyncio.Future[OutgoingTurn]) -> None:
        self._prepared.pop(id(turn), None)
        self._prepared[id(turn)] = turn, future
        if len(self._prepared) > MOST:
            del self._prepared[next(iter(self._prepared))]


def _look_at(future: asyncio.Future[OutgoingTurn]) -> None:
    future.exception()  # one that nobody waits for is otherwise logged as never retrieved
