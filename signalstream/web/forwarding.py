"""Asking the worker that owns a conversation, one hop far: any worker answers for any conversation.

Faust's own router drops answer headers, loops, and answers 200 with empty values while tables recover.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import aiohttp
import structlog
from aiohttp import web
from yarl import URL

from signalstream.core.keys import ConversationKey
from signalstream.errors import OwnerUnavailableError
from signalstream.web.authentication import CREDENTIAL
from signalstream.web.correlation import REQUEST_ID_HEADER, request_id
from signalstream.web.problems import PROBLEM_MEDIA_TYPE, unavailable
from signalstream.web.services import Ownership

FORWARDED_HEADER = "X-SignalStream-Forwarded"
PASSED_HEADERS = ("Authorization", "If-None-Match")
STALE_HEADER = "X-Stale"
STALE_AGE_HEADER = "X-Stale-Age-Seconds"
RELAYED_HEADERS = ("ETag", "Retry-After", "Cache-Control", "WWW-Authenticate", STALE_HEADER, STALE_AGE_HEADER)
MOVED_DETAIL = "The conversation is moving to another worker. Ask again shortly."

_log = structlog.get_logger("signalstream.web")


@dataclass(frozen=True)
class Relayed:
    """Another worker's answer, as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    content_type: str

    @property
    def is_stale(self) -> bool:
        """Say whether it was answered from a copy."""
        return STALE_HEADER in self.headers

    def response(self) -> web.Response:
        """Return it as this worker's answer."""
        if self.status == 304:
            return web.Response(status=304, headers=self.headers)
        return web.Response(status=self.status, headers=self.headers, body=self.body, content_type=self.content_type)


class Forwarder:
    """Fetches from the owner, or from who has a copy. Its HTTP session opens with the first use, in its loop."""

    def __init__(self, ownership: Ownership, timeout_seconds: float) -> None:
        self._ownership = ownership
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def from_owner(
        self, request: web.Request, key: ConversationKey, path: str, method: str = "GET"
    ) -> Relayed | None:
        """Return the owner's answer to ``path`` (a route with ``{conversation_id}``); None when this worker owns it.

        Raises OwnerUnavailableError when the owner is unknown, gives no answer in time, or one that no worker gives;
        ProblemError (503) for a request that was forwarded once already.
        """
        owner = self._ownership.owner_url(key)
        if owner is None:
            return None
        if FORWARDED_HEADER in request.headers:
            raise unavailable("owner-moved", MOVED_DETAIL)
        return await self._ask(owner, request, key, path, method)

    async def from_copy(self, request: web.Request, key: ConversationKey, path: str, url: str) -> Relayed | None:
        """Return what the worker at ``url`` answers to ``path``; None when it cannot answer either."""
        try:
            relayed = await self._ask(url, request, key, path)
        except OwnerUnavailableError:
            return None
        return relayed if relayed.status < 500 else None

    async def _ask(
        self, worker: str, request: web.Request, key: ConversationKey, path: str, method: str = "GET"
    ) -> Relayed:
        url = owner_url(worker, path, key, request.query)
        headers = {name: request.headers[name] for name in PASSED_HEADERS if name in request.headers}
        if credential := request.get(CREDENTIAL):  # the caller's own also when it came in a frame
            headers["Authorization"] = f"Bearer {credential}"
        try:
            headers |= {FORWARDED_HEADER: "1", REQUEST_ID_HEADER: request_id(request)}
            return await self._fetch(method, url, headers)
        except (aiohttp.ClientError, OSError, OwnerUnavailableError) as error:
            _log.warning("owner_unreachable", owner=worker, error=type(error).__name__)
            raise OwnerUnavailableError(f"no usable answer from {worker}") from error

    async def _fetch(self, method: str, url: URL, headers: Mapping[str, str]) -> Relayed:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        async with self._session.request(method, url, headers=headers, allow_redirects=False) as answer:
            body = await answer.read()
            if not _from_a_worker(answer):
                raise OwnerUnavailableError(f"status {answer.status} with {answer.content_type}")
            kept = {name: answer.headers[name] for name in RELAYED_HEADERS if name in answer.headers}
            return Relayed(answer.status, kept, body, answer.content_type)


def owner_url(base: str, path: str, key: ConversationKey, query: Mapping[str, str]) -> URL:
    """Return where the owner answers ``path`` for ``key``; the tenant is always named, defaults may differ."""
    filled = path.replace("{conversation_id}", quote(key.conversation_id, safe=""))
    return URL(base.rstrip("/") + filled, encoded=True).with_query({**query, "tenant_id": key.tenant_id})


def _from_a_worker(answer: aiohttp.ClientResponse) -> bool:
    """Keep out what a proxy or another program on that port says: an empty 200 would look like a picture."""
    if answer.status in {200, 202}:
        return answer.content_type == "application/json"
    return answer.status == 304 or answer.content_type == PROBLEM_MEDIA_TYPE
