"""A guarded site whose limits are small, on a clock that the test moves, with policies of its own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from signalstream.models.policy import TenantPolicy
from signalstream.settings import Settings
from signalstream.web.services import WebServices
from tests.web.guarded import Guarded, guarded_settings


def limited_settings(**changes: object) -> Settings:
    small = {"requests_per_minute": 60, "requests_burst": 5, "messages_per_minute": 30, "messages_burst": 2}
    return guarded_settings(**(small | {"websockets": 2} | changes))


@dataclass
class Limited(Guarded):
    """60 requests a minute and 5 at once, 30 messages and 2 at once, 2 sockets, unless ``own`` says otherwise."""

    settings: Settings = field(default_factory=limited_settings)
    own: dict[str, TenantPolicy] = field(default_factory=dict)
    now: float = 1_000.0

    def of(self, tenant: str) -> TenantPolicy:
        named = {name: getattr(self.settings, name, None) for name in TenantPolicy.model_fields}
        deployment = TenantPolicy.model_validate({**named, "v": 1, "tenant_id": tenant})
        own = self.own.get(tenant, TenantPolicy(tenant_id=tenant)).model_dump(exclude_none=True)
        return deployment.model_copy(update=own)

    def services(self) -> WebServices:
        return replace(super().services(), policies=self, seconds=lambda: self.now)
