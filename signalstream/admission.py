"""Who is let in, put together: API keys and the issuer's keys behind one check, with what starts and ends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from signalstream.core.audit import AuditTrail
from signalstream.core.clock import SystemClock
from signalstream.core.key_uses import KeyUses
from signalstream.core.loopback import is_loopback
from signalstream.errors import BrokerUnavailableError, ConfigurationError
from signalstream.security.authenticator import CredentialCheck, credential_check, key_ring, key_set
from signalstream.security.key_ring import KeyRing
from signalstream.security.key_rows import KeyRows, row_of
from signalstream.security.key_set import KeySetCache
from signalstream.settings import Settings
from signalstream.streaming.clients import Connection
from signalstream.streaming.delivery import Outbox
from signalstream.streaming.hosting import Step
from signalstream.streaming.replica import Replica
from signalstream.topics import KEYS, topic_name

USES_SECONDS = 5.0
log = structlog.get_logger()

Probe = Callable[[], Mapping[str, object]]


@dataclass(frozen=True)
class Admission:
    """The check, and its parts: ``ring`` and ``replica`` are None without API keys, ``issuer_keys`` without tokens.

    ``uses`` are those of API keys, for the audit log.
    """

    check: CredentialCheck
    ring: KeyRing | None
    replica: Replica | None
    issuer_keys: KeySetCache | None
    uses: KeyUses

    def before(self) -> list[Step]:
        """Return what to await before requests come: afterwards every key is known."""
        return [self.replica.start] if self.replica and self.ring else []

    def after(self) -> list[Step]:
        """Return what to await at the end."""
        stops = [self.replica.stop] if self.replica and self.ring else []
        return [*stops, self.issuer_keys.stop] if self.issuer_keys else [*stops]

    def probes(self) -> dict[str, Probe]:
        """Return what ``/health`` shows of it."""
        shown: dict[str, Probe] = {}
        if self.ring is not None and self.replica is not None:
            shown |= {"api keys": self.ring.health, "api keys' topic": self.replica.health}
        if self.issuer_keys is not None:
            shown["issuer's keys"] = self.issuer_keys.health
        return shown

    async def write_uses(self, outbox: Outbox, topic: str) -> None:
        """Write down which keys have been used lately; what the broker does not take is written a minute later."""
        for use in self.ring.uses_to_write() if self.ring else ():
            key, value = row_of(use)
            try:
                await outbox.send(topic, key, value, [])
            except BrokerUnavailableError as error:
                log.warning("keys.use_not_written", credential=use.key_id, detail=str(error))

    async def audit_uses(self, trail: AuditTrail, *, ending: bool = False) -> None:
        """Have the audit log say which keys were used, a key once in its span; what it does not take is told later."""
        now = SystemClock().now()
        for use in self.uses.due(now, ending=ending):
            try:
                await trail.record(use.event())
            except BrokerUnavailableError as error:
                log.warning("keys.use_not_audited", credential=use.key_id, detail=str(error))
                return
            self.uses.told(use, now)


def admission(settings: Settings, kafka: Connection) -> Admission | None:
    """Return the check that the settings describe; None where everyone is let in. Raises ConfigurationError."""
    if settings.auth == "off":
        return None
    rows, clock = KeyRows(), SystemClock()
    replica = Replica(
        kafka,
        topic_name(KEYS, settings),
        settings.partitions,
        rows.apply,
        stale_seconds=settings.credentials_stale_seconds,
    )
    uses = KeyUses(timedelta(seconds=settings.audit_key_use_seconds))
    ring, issuer_keys = key_ring(settings, rows, clock, replica.is_fresh, uses), key_set(settings)
    check = credential_check(settings, ring, issuer_keys, clock)
    return Admission(check, ring, replica if ring else None, issuer_keys, uses)


def check_listening(settings: Settings, host: str) -> None:
    """Raise ConfigurationError when a worker that lets everyone in would listen beyond this machine."""
    if settings.auth == "off" and not is_loopback(host):
        raise ConfigurationError(
            f"SIGNALSTREAM_AUTH=off would let in whoever reaches {host}; listen on this machine alone with "
            "SIGNALSTREAM_HOST=127.0.0.1, or have credentials checked (docs/SETUP.md, Who may come in)"
        )
