"""What is kept of the keys that seal a tenant's values. Rows of ``security.vault``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Base64Bytes, Field, StringConstraints

from signalstream.models.base import TENANT_PATTERN, Timestamp, Versioned

TenantKeyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
MasterKeyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Owner = Annotated[str, StringConstraints(pattern=TENANT_PATTERN + "|^_$")]


class TenantKeyRecord(Versioned):
    """A tenant's key, wrapped by the master key ``master_id``. The highest version seals, all of them open."""

    tenant_id: Owner
    key_id: TenantKeyId
    version: int = Field(ge=1)
    created_at: Timestamp
    master_id: MasterKeyId
    wrapped: Base64Bytes


class TenantKeysDestroyed(Versioned):
    """That a tenant's keys are gone for good, and since when."""

    tenant_id: Owner
    destroyed_at: Timestamp
