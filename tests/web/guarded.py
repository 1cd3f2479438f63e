"""A site that wants credentials: keys with any scopes, and two workers when asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp.test_utils import TestClient

from signalstream.security.authenticator import CredentialCheck, credential_check
from signalstream.settings import Settings
from signalstream.web.services import WebServices
from signalstream.web.site import build_web_application
from tests.security.keys import Keys
from tests.web.conftest import World, make_settings
from tests.web.served import SiteServer


def guarded_settings(**changes: object) -> Settings:
    return make_settings(**({"auth": "required", "default_tenant": None} | changes))


@dataclass
class Guarded(World):
    """A world in which nobody is let in without a key; ``keys`` issues them."""

    settings: Settings = field(default_factory=guarded_settings)
    keys: Keys = field(default_factory=Keys)

    def check(self) -> CredentialCheck:
        return credential_check(self.settings, self.keys.ring, None, self.keys.clock)

    def services(self) -> WebServices:
        return WebServices(self.operations, self.ingest, self.reader, self.ownership, self.live, self.check())

    def key(self, *scopes: str, tenant: str = "acme", lives: timedelta | None = None) -> dict[str, str]:
        """Return the header of a new key with these scopes (all when none is named)."""
        return {"Authorization": f"Bearer {self.keys.issue(*scopes, tenant=tenant, lives=lives)[0].text}"}

    @asynccontextmanager
    async def served(self) -> AsyncIterator[TestClient]:
        application = build_web_application(self.services(), self.settings, clock=self.clock)
        async with TestClient(SiteServer(application, self.settings)) as client:
            yield client
