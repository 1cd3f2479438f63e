"""What is kept of an API key: everything but the key. Rows of ``security.keys``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from signalstream.models.base import TENANT_PATTERN, Model, Timestamp, Versioned

KeyId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{13}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")]
KeyState = Literal["active", "expired", "revoked"]


class ApiKeyRecord(Versioned):
    """A key's grants and its keyed hash; ``secret_id`` names the server secret that it was hashed with."""

    key_id: KeyId
    tenant_id: Annotated[str, StringConstraints(pattern=TENANT_PATTERN)]
    scopes: Annotated[tuple[str, ...], Field(min_length=1)]
    label: Label
    hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    secret_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    created_at: Timestamp
    expires_at: Timestamp | None = None
    revoked_at: Timestamp | None = None
    replaced_by: KeyId | None = None

    def state(self, now: Timestamp) -> KeyState:
        """Say what the key is worth at ``now``."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


class ApiKeyUse(Versioned):
    """When a worker last saw a key, to about a minute. In a row of its own, so that it never undoes a revocation."""

    key_id: KeyId
    last_used_at: Timestamp


class Issued(Model):
    """A key as ``signalstream keys issue --json`` prints it: the only time that it is seen."""

    key: str
    key_id: KeyId
    tenant_id: str
    scopes: tuple[str, ...]
    expires_at: Timestamp | None
