"""Who a request speaks for: a tenant, what it may do, and which credential said so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a credential may grant. ``ADMIN`` is a right of its own, and includes none of the others."""

    MESSAGES_WRITE = "messages:write"
    INSIGHTS_READ = "insights:read"
    ORIGINALS_READ = "originals:read"
    CONVERSATIONS_ERASE = "conversations:erase"
    ADMIN = "admin"


SCOPES = frozenset(scope.value for scope in Scope)
LOCAL_CREDENTIAL = "local"


@dataclass(frozen=True)
class Principal:
    """The holder of a credential. ``credential`` is its public id, safe to log; ``expires_at`` None is never."""

    tenant: str
    scopes: frozenset[str]
    credential: str
    expires_at: datetime | None = None

    def may(self, scope: str) -> bool:
        """Say whether the credential grants a scope."""
        return scope in self.scopes


def local_principal(tenant: str) -> Principal:
    """Return who every request of a tenant is with SIGNALSTREAM_AUTH=off: anyone on this machine, with all scopes."""
    return Principal(tenant, SCOPES, LOCAL_CREDENTIAL)
