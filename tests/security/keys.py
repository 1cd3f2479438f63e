"""API keys for tests: issued as the command issues them, put where a worker reads them."""

from __future__ import annotations

import secrets as randomness
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from signalstream.core.api_key import ApiKey
from signalstream.models.api_key import ApiKeyRecord
from signalstream.security.hashing import ServerSecrets
from signalstream.security.issuing import issue
from signalstream.security.key_ring import KeyRing
from signalstream.security.key_rows import KeyRows, row_of
from signalstream.security.principal import SCOPES
from tests.fakes import FixedClock

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECRETS = ServerSecrets((b"a server secret that only tests have",))


@dataclass
class Keys:
    """A ring with its rows, its clock and what it takes for fresh."""

    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))
    rows: KeyRows = field(default_factory=KeyRows)
    fresh: bool = True

    @property
    def ring(self) -> KeyRing:
        return KeyRing(self.rows, SECRETS, self.clock, lambda: self.fresh)

    def issue(
        self,
        *scopes: str,
        tenant: str = "acme",
        lives: timedelta | None = None,
        secrets: ServerSecrets = SECRETS,
    ) -> tuple[ApiKey, ApiKeyRecord]:
        """Issue a key with these scopes (all when none is named) and let the ring know it."""
        now = self.clock.now()
        key, record = issue(
            secrets,
            randomness.token_bytes(40),
            tenant=tenant,
            scopes=scopes or tuple(SCOPES),
            label="a test",
            now=now,
            expires_at=None if lives is None else now + lives,
        )
        self.write(record)
        return key, record

    def write(self, record: ApiKeyRecord) -> None:
        self.rows.apply(*row_of(record))
