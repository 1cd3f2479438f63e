"""The stand-in's control over HTTP: what it saw, what it is to do."""

from __future__ import annotations

from aiohttp import web

from tests.gemini_fake.faults import FaultMix, UnknownFaultError
from tests.gemini_fake.model import FakeModel


class Control:
    """The routes whose names begin with two underscores."""

    def __init__(self, model: FakeModel) -> None:
        self._model = model

    def routes(self, app: web.Application) -> None:
        """Add them to an application."""
        app.router.add_get("/__stats", self._stats)
        app.router.add_get("/__received", self._received)
        app.router.add_get("/__arrivals", self._arrivals)
        app.router.add_post("/__reset", self._reset)
        app.router.add_post("/__faults", self._faults)
        app.router.add_post("/__script", self._script)

    async def _stats(self, request: web.Request) -> web.Response:
        return web.json_response(self._model.stats.report(self._model.quota.seconds))

    async def _received(self, request: web.Request) -> web.Response:
        words = request.query["contains"]
        return web.json_response({"kept": len(self._model.stats.texts), "with": self._model.stats.containing(words)})

    async def _arrivals(self, request: web.Request) -> web.Response:
        return web.json_response({"arrivals": self._model.stats.arrivals_of(request.query["contains"])})

    async def _reset(self, request: web.Request) -> web.Response:
        self._model.reset()
        return web.json_response({"ok": True})

    async def _faults(self, request: web.Request) -> web.Response:
        """Take FaultMix's fields, and ``requests_per_minute`` for the quota (null: none)."""
        wanted = await request.json()
        if "requests_per_minute" in wanted:
            self._model.quota.requests = wanted.pop("requests_per_minute")
        wanted |= {name: tuple(wanted[name]) for name in ("latency", "slow") if name in wanted}
        try:
            self._model.faults = FaultMix(**wanted)
        except (TypeError, UnknownFaultError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"ok": True})

    async def _script(self, request: web.Request) -> web.Response:
        """Take a list of steps, or ``{"say": text}``."""
        wanted = await request.json()
        if isinstance(wanted, dict):
            self._model.script.say(wanted["say"])
            return web.json_response({"left": len(self._model.script)})
        try:
            self._model.script.extend(wanted)
        except UnknownFaultError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"left": len(self._model.script)})
