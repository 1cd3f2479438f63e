"""What the web counts: requests by how they ended and how long they took, refusals by reason, messages by tenant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter

from aiohttp import web

from signalstream.metrics.metrics import EachCounter, Metrics
from signalstream.metrics.registry import OTHER_TENANTS
from signalstream.web.problems import problem_of
from signalstream.web.routes import Route

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def measured(route: Route, handler: Handler, metrics: Metrics) -> Handler:
    """Return the handler that counts its requests. A WebSocket has no duration: it lasts as long as people look."""
    requests = EachCounter(metrics, "requests", route.operation)
    refused = EachCounter(metrics, "requests_refused", route.operation)
    seconds = None if route.is_socket else metrics.histogram("request_seconds", route.operation)

    async def counted(request: web.Request) -> web.StreamResponse:
        began = perf_counter()
        try:
            answer = await handler(request)
        except Exception as error:
            problem = problem_of(error)
            requests[(str(problem.status if problem else 500),)]()
            refused[(problem.word if problem else "internal-server-error",)]()
            raise
        else:
            requests[(str(answer.status),)]()
            return answer
        finally:
            if seconds is not None:
                seconds(perf_counter() - began)

    return counted


def accepted_messages(metrics: Metrics, named: tuple[str, ...]) -> Callable[[str], None]:
    """Return what counts an accepted message of a tenant: for each that is ``named``, and for all others together."""
    counters = {tenant: metrics.counter("messages_accepted", tenant) for tenant in named}
    others = metrics.counter("messages_accepted", OTHER_TENANTS)

    def note(tenant: str) -> None:
        counters.get(tenant, others)()

    return note
