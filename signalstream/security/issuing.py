"""Making, replacing and revoking API keys: decisions only; who calls writes the records down."""

from __future__ import annotations

from datetime import datetime, timedelta

from signalstream.core.api_key import ApiKey, make_key
from signalstream.errors import ConfigurationError
from signalstream.models.api_key import ApiKeyRecord, Issued
from signalstream.security.hashing import ServerSecrets
from signalstream.security.principal import SCOPES


def issue(
    secrets: ServerSecrets,
    random: bytes,
    *,
    tenant: str,
    scopes: tuple[str, ...],
    label: str,
    now: datetime,
    expires_at: datetime | None,
) -> tuple[ApiKey, ApiKeyRecord]:
    """Return a new key and the record of it. Raises ConfigurationError for a scope that there is not."""
    unknown = sorted(set(scopes) - SCOPES)
    if unknown or not scopes:
        known = ", ".join(sorted(SCOPES))
        raise ConfigurationError(f"{', '.join(unknown) or 'an empty list'} is no scope; known: {known}")
    key = make_key(random)
    return key, ApiKeyRecord(
        key_id=key.key_id,
        tenant_id=tenant,
        scopes=tuple(sorted(set(scopes))),
        label=label,
        hash=secrets.digest(key.text, secrets.newest).hex(),
        secret_id=secrets.newest,
        created_at=now,
        expires_at=expires_at,
    )


def rotate(
    secrets: ServerSecrets, random: bytes, old: ApiKeyRecord, *, now: datetime, overlap: timedelta
) -> tuple[ApiKey, ApiKeyRecord, ApiKeyRecord]:
    """Return a new key with the old one's grants, its record, and the old one's, which ends after ``overlap``.

    The new key lives as long as the old one was meant to from its beginning. Raises ConfigurationError for a key that
    is revoked or expired.
    """
    if (state := old.state(now)) != "active":
        raise ConfigurationError(f"the key {old.key_id} is {state}; issue a new one")
    expires_at = now + (old.expires_at - old.created_at) if old.expires_at else None
    key, new = issue(
        secrets, random, tenant=old.tenant_id, scopes=old.scopes, label=old.label, now=now, expires_at=expires_at
    )
    ends = min(now + overlap, old.expires_at or now + overlap)
    return key, new, old.model_copy(update={"expires_at": ends, "replaced_by": new.key_id})


def revoke(old: ApiKeyRecord, now: datetime) -> ApiKeyRecord:
    """Return the record of a key that no longer counts; the time of an earlier revocation stays."""
    return old.model_copy(update={"revoked_at": old.revoked_at or now})


def shown(key: ApiKey, record: ApiKeyRecord) -> Issued:
    """Return what the holder is told, once."""
    return Issued(
        key=key.text,
        key_id=record.key_id,
        tenant_id=record.tenant_id,
        scopes=record.scopes,
        expires_at=record.expires_at,
    )
