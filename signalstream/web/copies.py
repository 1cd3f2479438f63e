"""Answers from copies of a conversation's rows while its owner cannot answer: marked as stale, with their age.

Only where the deployment keeps standbys. A copy that has not seen a conversation says nothing about it: that stays a
503, for the conversation may exist. A request that was forwarded is answered from this worker's copy or not at all.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

from aiohttp import web

from signalstream.core.keys import ConversationKey
from signalstream.errors import OwnerUnavailableError
from signalstream.web.forwarding import FORWARDED_HEADER, STALE_AGE_HEADER, STALE_HEADER, Forwarder
from signalstream.web.problems import ProblemError
from signalstream.web.services import Ownership

Fresh = Callable[[], Awaitable[web.Response]]
Read = Callable[[], web.Response | None]


class CopyReads:
    """What the owner says, or else a copy: this worker's own, or that of a worker known to have one."""

    def __init__(self, ownership: Ownership, forwarder: Forwarder) -> None:
        self._ownership = ownership
        self._forwarder = forwarder

    async def answer(
        self, request: web.Request, key: ConversationKey, path: str, fresh: Fresh, read: Read
    ) -> web.Response:
        """Return the answer of ``fresh``; while that is a 503, what ``read`` finds here, or another worker's copy.

        ``read`` returns None for a conversation that this worker's tables do not know. Raises what ``fresh`` raises.
        """
        try:
            refused = answer = await fresh()
            if answer.status != 503:
                return answer
        except (OwnerUnavailableError, ProblemError) as error:
            stale = await self._stale(request, key, path, read) if _may_pass(error) else None
            if stale is None:
                raise
            return stale
        return await self._stale(request, key, path, read) or refused

    async def _stale(self, request: web.Request, key: ConversationKey, path: str, read: Read) -> web.Response | None:
        age = self._ownership.copy_age(key)
        own = read() if age is not None else None
        if own is not None and age is not None:
            return _marked(own, age)
        if FORWARDED_HEADER in request.headers:
            return None
        for url in self._ownership.copy_urls(key):
            relayed = await self._forwarder.from_copy(request, key, path, url)
            if relayed is not None:
                return relayed.response()
        return None


def _may_pass(error: Exception) -> bool:
    return not isinstance(error, ProblemError) or error.status == 503


def _marked(answer: web.Response, age: float) -> web.Response:
    answer.headers[STALE_HEADER] = "true"
    answer.headers[STALE_AGE_HEADER] = f"{math.ceil(age * 10) / 10:.1f}"
    answer.headers["Cache-Control"] = "no-store"
    return answer
