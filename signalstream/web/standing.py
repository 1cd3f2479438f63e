"""Whether the credentials of open streams still hold: one round a second for all of them.

A task and a timer for each stream cost a worker with ten thousand idle sockets an eighth of a core.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from signalstream.errors import AuthenticationUnavailableError, CredentialError

CHECK_SECONDS = 1.0
CHECKED_AT_ONCE = 500  # a microsecond or two each, and others want their turn


class StandingChecks:
    """Asks ``still_holds`` of each request in turn, which raises as ``Guard.still_holds`` does."""

    def __init__(self, still_holds: Callable[[web.Request], None]) -> None:
        self._still_holds = still_holds
        self._waiting: dict[asyncio.Future[CredentialError], web.Request] = {}
        self._rounds: asyncio.Task[None] | None = None

    async def refusal(self, request: web.Request) -> CredentialError:
        """Return why a request's credential does not hold any more, soon after it no longer does."""
        waiting: asyncio.Future[CredentialError] = asyncio.get_running_loop().create_future()
        self._waiting[waiting] = request
        if self._rounds is None:
            self._rounds = asyncio.create_task(self._check())
        try:
            return await waiting
        finally:
            del self._waiting[waiting]
            if not self._waiting and self._rounds is not None:
                self._rounds.cancel()
                self._rounds = None

    async def _check(self) -> None:
        while self._waiting:
            await asyncio.sleep(CHECK_SECONDS)
            for number, (waiting, request) in enumerate(tuple(self._waiting.items()), 1):
                self._check_one(waiting, request)
                if number % CHECKED_AT_ONCE == 0:
                    await asyncio.sleep(0)

    def _check_one(self, waiting: asyncio.Future[CredentialError], request: web.Request) -> None:
        try:
            with suppress(AuthenticationUnavailableError):  # the broker is silent, and so is the stream
                self._still_holds(request)
        except CredentialError as error:
            if not waiting.done():
                waiting.set_result(error)
        except Exception as error:  # noqa: BLE001 - it ends its own stream, and no other's checks
            if not waiting.done():
                waiting.set_exception(error)
