"""A whole site on a free loopback port, with fakes behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

import pytest
from aiohttp.test_utils import TestClient

from signalstream.settings import Settings
from signalstream.web.live import LiveConversations
from signalstream.web.services import WebServices
from signalstream.web.site import build_web_application
from tests.fakes import FakeIngest, FakeOperations, FakeOwnership, FakeReader, FixedClock
from tests.web.served import SiteServer

NOW = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)


@cache
def make_settings(**changes: object) -> Settings:
    """Return settings, which nobody can change: reading them takes 10 ms, and hundreds of tests want the same ones."""
    return Settings(_env_file=None, **({"auth": "off", "default_tenant": "demo-tenant"} | changes))


@dataclass
class World:
    """One worker as a client sees it, and the fakes that decide what it says."""

    settings: Settings = field(default_factory=make_settings)
    ingest: FakeIngest = field(default_factory=FakeIngest)
    reader: FakeReader = field(default_factory=FakeReader)
    ownership: FakeOwnership = field(default_factory=FakeOwnership)
    operations: FakeOperations = field(default_factory=FakeOperations)
    live: LiveConversations = field(default_factory=lambda: LiveConversations(100))
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))

    def services(self) -> WebServices:
        return WebServices(self.operations, self.ingest, self.reader, self.ownership, self.live)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[TestClient]:
        application = build_web_application(self.services(), self.settings, clock=self.clock)
        async with TestClient(SiteServer(application, self.settings)) as client:
            yield client


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[TestClient]:
    async with world.served() as client:
        yield client


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[World], Awaitable[TestClient]]]:
    """Give a function that serves further worlds until the test ends."""
    async with AsyncExitStack() as stack:

        async def start(world: World) -> TestClient:
            return await stack.enter_async_context(world.served())

        yield start
