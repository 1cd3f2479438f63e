"""Which web pages may use this API from a browser: our own, and those of the configured origins; none by default.

A page of elsewhere can open a WebSocket or send a simple POST without asking first. So what changes something or opens
a stream is refused for an origin that is not one of these, whatever credential comes with it. And its name can be made
to mean this machine's loopback: where no credential is wanted, only a loopback's own names are answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from yarl import URL

from signalstream.core.loopback import is_loopback
from signalstream.web.problems import ProblemError

METHODS = "GET, HEAD, POST, DELETE"
TAKEN_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Request-ID"
SHOWN_HEADERS = (
    "ETag, Retry-After, WWW-Authenticate, X-Request-ID, X-Stale, X-Stale-Age-Seconds, "
    "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
)
REMEMBERED_SECONDS = "600"
REFUSED = "Pages of this origin may not use this API. An operator allows it with SIGNALSTREAM_CORS_ORIGINS."
MISDIRECTED = (
    "This worker wants no credentials (SIGNALSTREAM_AUTH=off) and so answers to 127.0.0.1 and localhost only, not to "
    "the name in the Host header."
)
READING = frozenset({"GET", "HEAD", "OPTIONS"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Middleware = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]


class Origins:
    """Answers a browser's question beforehand, refuses other pages, and marks answers for allowed ones."""

    def __init__(self, allowed: tuple[str, ...], loopback_only: bool = False) -> None:
        self._allowed = frozenset(allowed)
        self._loopback_only = loopback_only

    def middleware(self) -> Middleware:
        """Return the check as aiohttp takes it."""

        @web.middleware
        async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._checked(request, handler)

        return checked

    async def _checked(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._loopback_only and not _names_loopback(request):
            raise ProblemError(421, MISDIRECTED, word="host-refused")
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or _is_own(origin, request):
            return await handler(request)
        if origin in self._allowed:
            return _permission() if _asks(request) else await handler(request)
        if request.method not in READING or hdrs.UPGRADE in request.headers:
            raise ProblemError(403, REFUSED, word="origin-refused")
        return await handler(request)

    async def mark(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let an allowed page read the answer: a signal, because some answers never pass a middleware."""
        if not self._allowed:
            return
        response.headers.add(hdrs.VARY, hdrs.ORIGIN)
        if (origin := request.headers.get(hdrs.ORIGIN)) in self._allowed and origin is not None:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = SHOWN_HEADERS


def _names_loopback(request: web.Request) -> bool:
    sent = request.headers.get(hdrs.HOST)
    try:
        return sent is None or is_loopback(URL(f"http://{sent}").host or "")
    except ValueError:
        return False


def _asks(request: web.Request) -> bool:
    return request.method == "OPTIONS" and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers


def _permission() -> web.Response:
    headers = {
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: METHODS,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: TAKEN_HEADERS,
        hdrs.ACCESS_CONTROL_MAX_AGE: REMEMBERED_SECONDS,
    }
    return web.Response(status=204, headers=headers)


def _is_own(origin: str, request: web.Request) -> bool:
    """Say whether the page is of this server, as its browser addresses it; a proxy in front may add the TLS."""
    try:
        address = URL(origin)
    except ValueError:
        return False
    return address.scheme in {"http", "https"} and address.raw_authority.lower() == request.host.lower()
