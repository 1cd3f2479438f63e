"""The connections of the HTTP server: how long one may take, how many there are, and what a broken request is told.

aiohttp alone waits an hour for a request's head and for ever for a reader, unpacks compressed bodies before anyone
asked for them, and quotes a request that it cannot read, in its answer and with a traceback in the log.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any, NamedTuple

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from signalstream.settings import Settings
from signalstream.web.correlation import mark
from signalstream.web.open_files import connections_allowed
from signalstream.web.problems import ProblemError, problem_response

IDLE_SECONDS = 75.0  # between two requests: longer than the usual proxy keeps one for itself
LINGERING_SECONDS = 2.0  # for the rest of a body that nobody wants, so that its sender gets to read the answer
SAID_SECONDS = 60.0  # between two log lines about connections that were turned away
UNREADABLE = "This is no HTTP/1.1 request that can be read: its request line, a header or the body's framing is wrong."
FAILED = "Something went wrong here. Ask again, and tell the operator when it keeps failing."

_log = structlog.get_logger("signalstream.web")


class Limits(NamedTuple):
    """What one connection may take, in seconds, and how many there may be."""

    head_seconds: float
    unread_seconds: float
    connections: int


class Connection(RequestHandler):
    """A connection that ends when its request does not come, or its answers are not read, in time."""

    __slots__ = ("_awaited", "_limits", "_unread")

    def __init__(self, server: BoundedServer, limits: Limits, **options: Any) -> None:
        super().__init__(server, **options)
        self._limits = limits
        self._awaited: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take in bytes. As long as they are no whole head of a request, its time runs."""
        super().data_received(data)
        if self._waiter is None or self._waiter.done():
            _stop(self._awaited)
            self._awaited = None
        elif data and self._awaited is None:
            self._await_head()

    def pause_writing(self) -> None:
        """Begin to wait for the reader of more than the buffer holds."""
        super().pause_writing()
        self._unread = self._loop.call_later(self._limits.unread_seconds, self._cut)

    def resume_writing(self) -> None:
        """Go on writing: it reads."""
        super().resume_writing()
        _stop(self._unread)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wait for nothing any more."""
        _stop(self._awaited)
        _stop(self._unread)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  # it quotes the request
    ) -> web.StreamResponse:
        """Answer what aiohttp could not read, or failed at, as a problem that quotes nothing, and close."""
        if status < 500:
            _log.debug("request_unreadable", error=type(exc).__name__)
        else:
            _log.error("connection_failed", error=type(exc).__name__, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already, and no other can follow it")
        detail, word = (UNREADABLE, "unreadable-request") if status < 500 else (FAILED, None)
        answer = problem_response(request, ProblemError(status, detail, word=word))
        mark(request, answer)
        answer.force_close()
        return answer

    def _await_head(self) -> None:
        self._awaited = self._loop.call_later(self._limits.head_seconds, self._end_waiting)

    def _end_waiting(self) -> None:
        self._awaited = None
        if self._waiter is not None and not self._waiter.done():
            self.force_close()

    def _cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class BoundedServer(web.Server):
    """Makes connections, as many as there may be; one too many is closed before anything is read from it."""

    def __init__(self, made: web.Server, limits: Limits, **options: Any) -> None:
        super().__init__(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            **options,
        )
        self._limits = limits
        self._said = 0.0

    def __call__(self) -> RequestHandler:
        """Return the protocol of one more connection."""
        return Connection(self, self._limits, loop=self._loop, **self._kwargs)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Count a connection in, or turn it away."""
        super().connection_made(handler, transport)
        if len(self._connections) > self._limits.connections:
            transport.abort()
            self._say_full()

    def _say_full(self) -> None:
        now = monotonic()
        if self._said == 0.0 or now - self._said >= SAID_SECONDS:
            self._said = now
            _log.warning("connections_full", connections=self._limits.connections)


class BoundedRunner(web.AppRunner):
    """Serves an application on bounded connections."""

    __slots__ = ("_limits",)

    def __init__(self, application: web.Application, limits: Limits, **options: Any) -> None:
        options |= {"keepalive_timeout": IDLE_SECONDS, "lingering_time": LINGERING_SECONDS, "auto_decompress": False}
        super().__init__(application, access_log=None, **options)
        self._limits = limits

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return BoundedServer(made, self._limits, **made._kwargs)


def bounded_runner(application: web.Application, settings: Settings, **options: Any) -> BoundedRunner:
    """Return what serves an application within the limits of the settings."""
    limits = Limits(
        head_seconds=settings.request_head_seconds,
        unread_seconds=settings.answer_unread_seconds,
        connections=connections_allowed(settings.max_connections),
    )
    return BoundedRunner(application, limits, **options)


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
