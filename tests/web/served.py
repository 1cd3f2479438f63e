"""A test server that serves as a worker does: on connections with the product's limits."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from signalstream.settings import Settings
from signalstream.web.connections import bounded_runner


class SiteServer(TestServer):
    """Serves an application on a free loopback port."""

    def __init__(self, application: web.Application, settings: Settings) -> None:
        super().__init__(application)
        self._settings = settings

    async def _make_runner(self, **options: Any) -> web.AppRunner:
        options.pop("handler_cancellation", None)  # Faust's server leaves a handler to its end too
        return bounded_runner(self.app, self._settings, **options)
