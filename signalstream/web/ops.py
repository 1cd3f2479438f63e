"""``/health``, ``/ready``, ``/live``, ``/metrics``: for people, load balancers, whoever restarts and whoever counts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Literal

from aiohttp import web
from pydantic import Field

from signalstream import __version__
from signalstream.metrics.metrics import Metrics
from signalstream.models.base import Model
from signalstream.web.problems import ProblemError, unavailable
from signalstream.web.services import Condition, Operations

NO_STORE = {"Cache-Control": "no-store"}
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Parts = Mapping[str, Mapping[str, object]]


class Health(Model):
    """The answer of ``/health``: 200 as long as the process answers at all."""

    status: Literal["ok", "degraded"]
    version: str
    uptime_seconds: float = Field(ge=0)
    parts: Parts = Field(description="Empty for who may not see them.")


class Verdict(Model):
    """The answer of ``/ready`` and ``/live`` when it is yes."""

    status: Literal["ok"] = "ok"
    parts: Parts = Field(description="Empty for who may not see them.")


class OperationsViews:
    """Answers from the conditions that the worker reports; ``sees_parts`` says to whom in detail."""

    def __init__(self, operations: Operations, sees_parts: Callable[[web.Request], Awaitable[bool]]) -> None:
        self._operations = operations
        self._sees_parts = sees_parts
        self._started = monotonic()

    async def health(self, request: web.Request) -> web.Response:
        """Describe every part."""
        condition = await self._shown(request, await self._operations.health())
        health = Health(
            status="ok" if condition.ok else "degraded",
            version=__version__,
            uptime_seconds=round(monotonic() - self._started, 3),
            parts=condition.parts,
        )
        return _answer(health)

    async def ready(self, request: web.Request) -> web.Response:
        """Say whether requests can be served here and now."""
        condition = await self._shown(request, await self._operations.ready())
        if not condition.ok:
            again = unavailable("not-ready", "This worker cannot serve requests yet: see parts.")
            raise ProblemError(503, again.detail, word=again.word, parts=condition.parts, headers=again.headers)
        return _verdict(condition)

    async def live(self, request: web.Request) -> web.Response:
        """Say whether the process should go on living."""
        condition = await self._shown(request, await self._operations.live())
        if not condition.ok:
            raise ProblemError(503, "This process should be restarted: see parts.", word="dead", parts=condition.parts)
        return _verdict(condition)

    async def _shown(self, request: web.Request, condition: Condition) -> Condition:
        return condition if await self._sees_parts(request) else replace(condition, parts={})


def metrics_view(metrics: Metrics) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return what answers ``/metrics``."""

    async def show(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": METRICS_TYPE, **NO_STORE})

    return show


def _verdict(condition: Condition) -> web.Response:
    return _answer(Verdict(parts=condition.parts))


def _answer(model: Model) -> web.Response:
    return web.Response(body=model.model_dump_json().encode(), content_type="application/json", headers=NO_STORE)
