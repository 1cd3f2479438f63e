"""The tenants' policies, as every process knows them: the topic ``security.policies`` over the deployment's decisions.

A row's key is the tenant's id. A row that cannot be read may have been stricter than the deployment is: the most
careful decision holds where there is one, and the deployment's for the rest.
"""

from __future__ import annotations

import structlog
from pydantic import ValidationError

from signalstream.core.keys import is_tenant_id
from signalstream.models.policy import TenantPolicy
from signalstream.settings import Settings
from signalstream.streaming.clients import Connection
from signalstream.streaming.replica import Replica
from signalstream.topics import POLICIES, topic_name

OWN_FIELDS = tuple(name for name in TenantPolicy.model_fields if name not in {"v", "tenant_id"})
"""What a tenant may decide."""
MOST_CAREFUL = {"originals": "redacted_only", "detector_failure": "block"}
"""What holds for a tenant whose row cannot be read."""
MOST_COPIES = 4_096
log = structlog.get_logger()


class PolicyRows:
    """Each tenant's own policy by its id, and what it comes to with the ``defaults``."""

    def __init__(self, defaults: TenantPolicy) -> None:
        self._defaults = defaults
        self._whole: dict[str, TenantPolicy] = {}
        self._copies: dict[str, TenantPolicy] = {}  # of the defaults, under the names of tenants that were asked for
        self.own: dict[str, TenantPolicy] = {}
        self.unreadable: set[str] = set()

    def apply(self, key: bytes, value: bytes | None) -> None:
        """Take in a row of the topic, or that it is gone."""
        tenant = key.decode(errors="replace")
        self.own.pop(tenant, None)
        self._whole.pop(tenant, None)
        self.unreadable.discard(tenant)
        policy = None if value is None else _read(tenant, value)
        if policy is not None:
            self.own[tenant] = policy
            self._whole[tenant] = self._defaults.model_copy(update=_decided(policy))
        elif value is not None and is_tenant_id(tenant):
            self.unreadable.add(tenant)
            self._whole[tenant] = self._defaults.model_copy(update={"tenant_id": tenant, **MOST_CAREFUL})

    def of(self, tenant: str) -> TenantPolicy:
        """See core.policies.Policies."""
        known = self._whole.get(tenant) or self._copies.get(tenant)
        if known is None:
            if len(self._copies) >= MOST_COPIES:
                self._copies.clear()
            known = self._copies[tenant] = self._defaults.model_copy(update={"tenant_id": tenant})
        return known


class ReplicaPolicies:
    """The ``Policies`` of a process: a change is here within seconds."""

    def __init__(self, settings: Settings, kafka: Connection) -> None:
        self.rows = PolicyRows(deployment_policy(settings))
        self._replica = Replica(kafka, topic_name(POLICIES, settings), settings.partitions, self.rows.apply)

    def of(self, tenant: str) -> TenantPolicy:
        """Return the tenant's policy with the deployment's decisions where it has none of its own."""
        return self.rows.of(tenant)

    async def start(self) -> None:
        """Return once every policy is known, and follow from then on. Raises BrokerUnavailableError."""
        await self._replica.start()

    async def stop(self) -> None:
        """Follow no longer."""
        await self._replica.stop()

    def health(self) -> dict[str, object]:
        """Describe it for ``/health``."""
        return self._replica.health()


def deployment_policy(settings: Settings) -> TenantPolicy:
    """Return the deployment's decisions: those settings that have the name of a field of a policy."""
    decided = {name: getattr(settings, name) for name in OWN_FIELDS if name in type(settings).model_fields}
    return TenantPolicy(tenant_id="deployment", **decided)


def row_of(policy: TenantPolicy) -> tuple[bytes, bytes | None]:
    """Return a policy's row; a tombstone when it leaves everything open."""
    value = policy.model_dump_json(exclude_none=True).encode() if _decided(policy, tenant=False) else None
    return policy.tenant_id.encode(), value


def _read(tenant: str, value: bytes) -> TenantPolicy | None:
    try:
        policy = TenantPolicy.model_validate_json(value)
    except ValidationError as error:
        wrong = [".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)]
        log.error("policies.undecodable", row=tenant[:80], wrong=wrong[:5])  # noqa: TRY400  # a traceback holds values
        return None
    if policy.tenant_id != tenant or not is_tenant_id(tenant):
        log.error("policies.misplaced", row=tenant[:80])
        return None
    return policy


def _decided(policy: TenantPolicy, *, tenant: bool = True) -> dict[str, object]:
    names = ("tenant_id", *OWN_FIELDS) if tenant else OWN_FIELDS
    return {name: value for name in names if (value := getattr(policy, name)) is not None}
