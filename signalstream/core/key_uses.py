"""Uses of API keys, gathered for the audit log: one event for each key and span, for how many requests it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from signalstream.core.audit import AuditEvent


@dataclass(frozen=True)
class KeyUse:
    """``count`` requests with a key, from the first to the last of them."""

    key_id: str
    tenant: str
    count: int
    first: datetime
    last: datetime

    def event(self) -> AuditEvent:
        """Return what the audit log says of it."""
        span = {"from": self.first.isoformat(timespec="seconds"), "to": self.last.isoformat(timespec="seconds")}
        return AuditEvent("key.used", self.tenant, self.key_id, self.key_id, {"requests": self.count, **span})


@dataclass
class KeyUses:
    """What has been used and not been told yet. A key's first use is due at once, the next ones after a ``span``."""

    span: timedelta
    _waiting: dict[str, KeyUse] = field(default_factory=dict, init=False)
    _told_at: dict[str, datetime] = field(default_factory=dict, init=False)

    def note(self, key_id: str, tenant: str, at: datetime) -> None:
        """Take in a request that was let in by a key."""
        known = self._waiting.get(key_id)
        first, count = (known.first, known.count) if known else (at, 0)
        self._waiting[key_id] = KeyUse(key_id, tenant, count + 1, first, at)

    def due(self, now: datetime, *, ending: bool = False) -> Sequence[KeyUse]:
        """Return what is to be told; all that there is when the process is ``ending``."""
        return [
            use
            for use in self._waiting.values()
            if ending or use.key_id not in self._told_at or now - self._told_at[use.key_id] >= self.span
        ]

    def told(self, use: KeyUse, now: datetime) -> None:
        """Take in that the audit log has it; what came meanwhile waits for the next."""
        self._told_at[use.key_id] = now
        newest = self._waiting.pop(use.key_id)
        if newest.count > use.count:
            left = newest.count - use.count
            self._waiting[use.key_id] = KeyUse(use.key_id, newest.tenant, left, use.last, newest.last)
