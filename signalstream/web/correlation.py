"""The request id: taken from ``X-Request-ID`` or made here, on every answer, in every log line.

It travels on as the correlation id of the records that the request causes.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from uuid import uuid4

import structlog
from aiohttp import web

REQUEST_ID_HEADER = "X-Request-ID"
SERVER = "SignalStream"
REQUEST_ID_PATTERN = r"[A-Za-z0-9._-]{1,128}"

_ID = re.compile(REQUEST_ID_PATTERN)
_KEY = web.RequestKey("request_id", str)


def request_id(request: web.BaseRequest) -> str:
    """Return the request's id; the same one however often it is asked for."""
    known: str | None = request.get(_KEY)
    if known is not None:
        return known
    sent = request.headers.get(REQUEST_ID_HEADER, "")
    chosen = sent if _ID.fullmatch(sent) else uuid4().hex
    request[_KEY] = chosen
    return chosen


@web.middleware
async def correlated(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Bind the request's id to whatever is logged while it is handled."""
    with structlog.contextvars.bound_contextvars(correlation_id=request_id(request)):
        return await handler(request)


async def stamp(request: web.Request, response: web.StreamResponse) -> None:
    """Mark an answer about to be sent: a signal, because some answers never pass a middleware (101, 417)."""
    mark(request, response)


def mark(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Put on an answer what every one has: the request's id, and no word of which versions serve it."""
    response.headers[REQUEST_ID_HEADER] = request_id(request)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers["Server"] = SERVER
