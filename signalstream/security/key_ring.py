"""The check of an API key: who holds it, and whether it still counts."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from signalstream.core.api_key import looks_like_a_key, read_key
from signalstream.core.clock import Clock
from signalstream.core.key_uses import KeyUses
from signalstream.errors import AuthenticationUnavailableError, CredentialError
from signalstream.models.api_key import ApiKeyRecord, ApiKeyUse
from signalstream.security.hashing import ServerSecrets
from signalstream.security.key_rows import KeyRows
from signalstream.security.principal import Principal

USE_EVERY = timedelta(minutes=1)
REFUSED = "This API key is not known here. Check that it is whole, and that it was issued for this deployment."
NOT_A_KEY = "This is no API key: it is cut off or mistyped, its checksum does not fit."
REVOKED = "This API key has been revoked. Ask your operator for another."
EXPIRED = "This API key has expired. Ask your operator for another."
STALE = "The API keys could not be refreshed from the broker for too long to be sure of any. Ask again shortly."
_NOBODY = bytes(32).hex()


class KeyRing:
    """Checks keys against ``rows``. ``is_fresh`` says whether a revocation would have been seen by now.

    ``audited`` is told of each request that a key let in.
    """

    def __init__(
        self,
        rows: KeyRows,
        secrets: ServerSecrets,
        clock: Clock,
        is_fresh: Callable[[], bool],
        audited: KeyUses | None = None,
    ) -> None:
        self._rows = rows
        self._secrets = secrets
        self._clock = clock
        self._is_fresh = is_fresh
        self._audited = audited
        self._seen: dict[str, datetime] = {}

    def verify(self, text: str) -> Principal:
        """Return who holds this key. Raises CredentialError, AuthenticationUnavailableError.

        A key that nobody has takes as long as a wrong secret of one that somebody has: a hash and a comparison. Only
        who has the whole key is told that it expired or was revoked.
        """
        key = read_key(text)
        if key is None:
            raise CredentialError(NOT_A_KEY if looks_like_a_key(text) else REFUSED)
        newest = self._secrets.newest
        record = self._rows.keys.get(key.key_id)
        secret_id, expected = (record.secret_id, record.hash) if record else (newest, _NOBODY)
        if not hmac.compare_digest(self._secrets.digest(key.text, secret_id), bytes.fromhex(expected)):
            raise CredentialError(REFUSED)
        if record is None:
            raise CredentialError(REFUSED)
        principal = self._granted(record)
        now = self._seen[record.key_id] = self._clock.now()
        if self._audited is not None:
            self._audited.note(record.key_id, record.tenant_id, now)
        return principal

    def check(self, key_id: str) -> None:
        """Raise CredentialError when a key that was verified before has been revoked or has expired meanwhile."""
        record = self._rows.keys.get(key_id)
        if record is None:
            raise CredentialError(REVOKED, "credential-revoked")
        self._granted(record)

    def uses_to_write(self) -> list[ApiKeyUse]:
        """Return what has been used since it was last written by any worker, each at most once a minute."""
        known = self._rows.uses
        due = [
            ApiKeyUse(key_id=key_id, last_used_at=at)
            for key_id, at in self._seen.items()
            if key_id not in known or at - known[key_id] >= USE_EVERY
        ]
        known.update({use.key_id: use.last_used_at for use in due})
        return due

    def health(self) -> dict[str, object]:
        """Describe it for ``/health``: degraded while there are keys that this process cannot check."""
        unreadable = sum(not self._secrets.knows(record.secret_id) for record in self._rows.keys.values())
        known = {"keys": len(self._rows.keys), "hashed_with_another_secret": unreadable}
        return {"status": "degraded" if unreadable else "ok", **known}

    def _granted(self, record: ApiKeyRecord) -> Principal:
        state = record.state(self._clock.now())
        if state == "revoked":
            raise CredentialError(REVOKED, "credential-revoked")
        if state == "expired":
            raise CredentialError(EXPIRED, "credential-expired")
        if not self._is_fresh():
            raise AuthenticationUnavailableError(STALE)
        return Principal(record.tenant_id, frozenset(record.scopes), record.key_id, record.expires_at)
