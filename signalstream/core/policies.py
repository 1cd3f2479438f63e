"""Whose policy holds for a tenant: its own where it has one, the deployment's for what it leaves open."""

from __future__ import annotations

from typing import Protocol

from signalstream.models.policy import TenantPolicy


class Policies(Protocol):
    """Knows the policy of each tenant, seconds after it was changed."""

    def of(self, tenant: str) -> TenantPolicy:
        """Return the tenant's policy with the deployment's decisions where it has none of its own."""
        ...


class OnePolicy:
    """The same policy for every tenant."""

    def __init__(self, policy: TenantPolicy) -> None:
        self._policy = policy

    def of(self, tenant: str) -> TenantPolicy:
        """Return it, under the tenant's name."""
        return self._policy.model_copy(update={"tenant_id": tenant})
