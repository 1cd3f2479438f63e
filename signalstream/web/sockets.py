"""The open sockets of one process, so that a shutdown says good-bye to each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import WSCloseCode, web

from signalstream.web.problems import unavailable

CLOSE_SECONDS = 0.5


class OpenSockets:
    """Knows every open socket, and whether the shutdown has begun."""

    def __init__(self) -> None:
        self._open: set[web.WebSocketResponse] = set()
        self._closing = False

    @property
    def count(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def admit(self) -> None:
        """Raise ProblemError (503) once the shutdown has begun."""
        if self._closing:
            raise unavailable("shutting-down", "This worker is shutting down. Connect again.")

    @asynccontextmanager
    async def holding(self, socket: web.WebSocketResponse) -> AsyncIterator[None]:
        """Count a socket as open. One that was upgraded while the shutdown began is closed at once."""
        self._open.add(socket)
        if self._closing:
            await _say_good_bye(socket)
        try:
            yield
        finally:
            self._open.discard(socket)

    async def close_all(self) -> None:
        """Close every socket with 1001, all at once, waiting half a second for the other ends."""
        self._closing = True
        await asyncio.gather(*(_say_good_bye(socket) for socket in self._open), return_exceptions=True)


async def _say_good_bye(socket: web.WebSocketResponse) -> None:
    await socket.close(code=WSCloseCode.GOING_AWAY, message=b"shutting down")
