"""The whole web part, put together from the table of routes: for Faust's server, and for a plain one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import orjson
from aiohttp import web
from faust.web import View
from faust.web.base import BlueprintManager

from signalstream.core.clock import Clock, SystemClock
from signalstream.security.principal import Scope
from signalstream.settings import Settings
from signalstream.topics import AI_TOPICS
from signalstream.web.authentication import Guard
from signalstream.web.connections import bounded_runner
from signalstream.web.conversations import ConversationViews
from signalstream.web.copies import CopyReads
from signalstream.web.correlation import correlated, stamp
from signalstream.web.erasures import ErasureViews, TenantViews
from signalstream.web.forwarding import Forwarder
from signalstream.web.ingest import IngestView
from signalstream.web.limits import TenantLimits
from signalstream.web.measuring import accepted_messages, measured
from signalstream.web.openapi import openapi
from signalstream.web.ops import OperationsViews, metrics_view
from signalstream.web.originals import OriginalView
from signalstream.web.origins import Origins
from signalstream.web.pages import Pages
from signalstream.web.problems import ProblemError, problems
from signalstream.web.restored_insights import RestoredInsightView
from signalstream.web.routes import ROUTES, Route
from signalstream.web.services import WebServices
from signalstream.web.sockets import OpenSockets
from signalstream.web.strangers import Strangers
from signalstream.web.stream import StreamView

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Hook = Callable[[web.Application], Awaitable[None]]
Mark = Callable[[web.Request, web.StreamResponse], Awaitable[None]]
AGENTS = tuple(topic.writers[0] for topic in AI_TOPICS)
NO_CORE = "This worker does not have the role core, which takes in and reads. Ask one that has it."


def application_options(settings: Settings) -> dict[str, Any]:
    """Return what the aiohttp application is made with; Faust takes it as ``web_application_options``."""
    origins = Origins(settings.cors_origins, loopback_only=settings.auth == "off")
    middlewares = [correlated, problems, origins.middleware()]
    return {"middlewares": middlewares, "client_max_size": settings.max_body_bytes + 1}


@dataclass(frozen=True)
class Site:
    """A handler for each operation of the table, and what ends with the server.

    ``on_shutdown`` runs while requests may still be under way, ``on_cleanup`` after the last of them.
    """

    handlers: Mapping[str, Handler]
    on_answer: tuple[Mark, ...] = ()
    on_shutdown: tuple[Hook, ...] = ()
    on_cleanup: tuple[Hook, ...] = ()

    def follow(self, application: web.Application) -> None:
        """Add to the application what happens with each answer, and at its end."""
        application.on_response_prepare.extend((stamp, *self.on_answer))
        application.on_shutdown.extend(self.on_shutdown)
        application.on_cleanup.extend(self.on_cleanup)


def build_site(
    services: WebServices, settings: Settings, agents: Sequence[str] = AGENTS, clock: Clock | None = None
) -> Site:
    """Make the handlers. ``agents`` are the AI agents that a conversation's first insight waits for."""
    strangers, limits = Strangers(settings, services.seconds), _limits(services, settings)
    guard = Guard(services.authenticator, settings, strangers)
    core = _core_site(services, settings, agents, clock or SystemClock(), _Doors(guard, limits, strangers))
    handlers = {**core.handlers, **_open_handlers(services, settings, guard)}
    behind = {
        route.operation: measured(
            route,
            guard.around(_opened(route, settings), limits.around(route, handlers.get(route.operation, _no_core))),
            services.metrics,
        )
        for route in ROUTES
    }
    return replace(core, handlers=behind, on_answer=(Origins(settings.cors_origins).mark, limits.mark))


def build_web_application(
    services: WebServices, settings: Settings, agents: Sequence[str] = AGENTS, clock: Clock | None = None
) -> web.Application:
    """Return a plain aiohttp application with every route: for tests, and for a process without Faust."""
    site = build_site(services, settings, agents, clock)
    application = web.Application(**application_options(settings))
    for route in ROUTES:
        for method in methods(route):
            application.router.add_route(method, route.pattern, site.handlers[route.operation])
    site.follow(application)
    return application


def attach(
    app: Any, services: WebServices, settings: Settings, agents: Sequence[str] = AGENTS, clock: Clock | None = None
) -> None:
    """Register every route with a Faust app, in place of Faust's own pages.

    The app must have been made with ``web_application_options=application_options(settings)``.
    """
    site = build_site(services, settings, agents, clock)
    app.web.blueprints = BlueprintManager()
    by_pattern: dict[str, dict[str, Handler]] = defaultdict(dict)
    for route in ROUTES:
        by_pattern[route.pattern].update(dict.fromkeys(methods(route), site.handlers[route.operation]))
    for number, (pattern, handlers) in enumerate(by_pattern.items()):
        app.page(pattern, name=f"signalstream-{number}")(_view_class(handlers))
    site.follow(app.web.web_app)
    app.web._runner = bounded_runner(app.web.web_app, settings)


def methods(route: Route) -> tuple[str, ...]:
    """Return the methods that a route answers: HEAD goes with GET, except where GET opens a socket."""
    return ("GET", "HEAD") if route.method == "GET" and not route.is_socket else (route.method,)


def _view_class(handlers: Mapping[str, Handler]) -> type:
    """Return a view with exactly these methods. Faust passes path parameters by name; handlers read the request's."""

    def method_of(handler: Handler) -> Callable[..., Awaitable[web.StreamResponse]]:
        async def method(_view: object, request: web.Request, **_: str) -> web.StreamResponse:
            # Here and not only in the middleware, which is further out: Faust's sensors count the answer's status.
            return await problems(request, handler)

        return method

    answered = {name.lower(): method_of(handler) for name, handler in handlers.items()}
    return type("SignalStreamView", (View,), {**answered, "get_methods": lambda _view: set(handlers)})


class _Doors(NamedTuple):
    guard: Guard
    limits: TenantLimits
    strangers: Strangers


def _limits(services: WebServices, settings: Settings) -> TenantLimits:
    workers = services.ownership.workers if services.ownership else lambda: 1
    return TenantLimits(settings, services.policies, workers, services.seconds)


def _core_site(services: WebServices, settings: Settings, agents: Sequence[str], clock: Clock, doors: _Doors) -> Site:
    ingest, reader, ownership, live = services.ingest, services.reader, services.ownership, services.live
    if ingest is None or reader is None or ownership is None or live is None:
        return Site({})
    metrics, sockets = services.metrics, OpenSockets()
    metrics.read("websockets_open", lambda: {(): sockets.count})
    accepted = accepted_messages(metrics, settings.metrics_tenants)
    forwarder = Forwarder(ownership, settings.forward_timeout_seconds)
    conversations = ConversationViews(
        reader=reader,
        live=live,
        ingest=ingest,
        forwarder=forwarder,
        settings=settings,
        agents=agents,
        copies=CopyReads(ownership, forwarder),
    )

    tenants = TenantViews(services.tenants, settings, services.trail)
    erasures = ErasureViews(ingest, reader, forwarder, settings, clock, tenants=tenants, trail=services.trail)

    async def close_sockets(_application: web.Application) -> None:
        await sockets.close_all()

    async def close_forwarder(_application: web.Application) -> None:
        await forwarder.close()

    handlers: dict[str, Handler] = {
        "postMessage": IngestView(ingest, settings, clock, doors.limits, accepted).post,
        "listConversations": conversations.recent,
        "getConversation": conversations.conversation,
        "getInsights": conversations.insights,
        "getTimeline": conversations.timeline,
        "getRestoredInsights": RestoredInsightView(reader, services.originals, forwarder, settings).get,
        "getOriginal": OriginalView(services.originals, forwarder, settings).get,
        "eraseConversation": erasures.erase,
        "getErasure": erasures.find,
        "streamInsights": StreamView(live, conversations, sockets, settings, **doors._asdict()).get,
    }
    return Site(handlers, on_shutdown=(close_sockets,), on_cleanup=(close_forwarder,))


def _open_handlers(services: WebServices, settings: Settings, guard: Guard) -> dict[str, Handler]:
    operations, pages = OperationsViews(services.operations, _sees_parts(settings, guard)), Pages()
    description = orjson.dumps(openapi())

    async def describe(_request: web.Request) -> web.Response:
        return web.Response(body=description, content_type="application/json", headers={"Cache-Control": "no-cache"})

    documentation = {"getOpenApi": describe, "getDocs": pages.docs, "getDocsAsset": pages.docs_asset}
    return {
        "eraseTenant": TenantViews(services.tenants, settings, services.trail).erase,
        "getHealth": operations.health,
        "getReady": operations.ready,
        "getLive": operations.live,
        "getMetrics": metrics_view(services.metrics) if settings.metrics == "on" else _not_here,
        "getPage": pages.page,
        "getPageAsset": pages.page_asset,
        **(documentation if settings.api_docs == "on" else dict.fromkeys(documentation, _not_here)),
    }


def _opened(route: Route, settings: Settings) -> Route:
    is_open = route.operation == "getMetrics" and settings.metrics_readers == "everyone"
    return replace(route, scope=None) if is_open else route


def _sees_parts(settings: Settings, guard: Guard) -> Callable[[web.Request], Awaitable[bool]]:
    async def sees_parts(request: web.Request) -> bool:
        return settings.health_details == "everyone" or await guard.may(request, Scope.ADMIN)

    return sees_parts


async def _not_here(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound


async def _no_core(_request: web.Request) -> web.StreamResponse:
    raise ProblemError(503, NO_CORE, word="no-core-role")
