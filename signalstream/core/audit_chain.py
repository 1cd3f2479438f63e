"""The chains of the audit log: what a writer's next entry names, and the keyed hash that nobody else can make.

Each process writes a chain of its own: every entry names the writer's entry before it, and the newest entries of other
chains that nothing names yet. So the log is one net: whatever is taken out of it leaves a name without an entry, as
long as one entry stays that knew of it. ``audit_check`` looks for that.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from signalstream.core.audit import AuditEvent
from signalstream.models.audit import AuditEntry, AuditLink, SignedEntry

NAMED_AT_MOST = 64  # in one entry; the rest is named by the next
_CHAIN_LABEL = b"signalstream audit entry\x00"
_NAME_LABEL = b"signalstream audit secret id\x00"


@dataclass(frozen=True, repr=False)
class ChainSecrets:
    """The secrets that entries are hashed with: the first for new ones. Without any, anyone can make an entry."""

    secrets: tuple[bytes, ...] = ()

    def sign(self, entry: AuditEntry) -> SignedEntry:
        """Return the entry as it is kept."""
        text = entry.model_dump_json(exclude_none=True)
        secret = next(iter(self.secrets), None)
        return SignedEntry(id=_hash(secret, text), secret_id=None if secret is None else _name(secret), entry=text)

    def knows(self, secret_id: str | None) -> bool:
        """Say whether an entry could be checked that was made with this secret; None: with none."""
        return secret_id is None or any(_name(secret) == secret_id for secret in self.secrets)

    def fits(self, signed: SignedEntry) -> bool:
        """Say whether the id is the hash of the text, by the secret that it names and that is here."""
        if signed.secret_id is None:
            return not self.secrets and hmac.compare_digest(_hash(None, signed.entry), signed.id)
        secret = next((secret for secret in self.secrets if _name(secret) == signed.secret_id), None)
        return secret is not None and hmac.compare_digest(_hash(secret, signed.entry), signed.id)


def entry_of(signed: SignedEntry) -> AuditEntry | None:
    """Return what was signed; None for a text that is no entry of this version."""
    try:
        return AuditEntry.model_validate_json(signed.entry)
    except ValidationError:
        return None


class OpenEnds:
    """The newest entries that no entry known here names, oldest first."""

    def __init__(self) -> None:
        self._ends: dict[str, datetime] = {}

    def add(self, link: AuditLink, named: Iterable[AuditLink]) -> None:
        """Take in an entry, and what it names."""
        self.drop(named)
        self._ends[link.id] = link.at

    def drop(self, named: Iterable[AuditLink]) -> None:
        """Take in that something names these."""
        for each in named:
            self._ends.pop(each.id, None)

    def links(self) -> tuple[AuditLink, ...]:
        """Return them all."""
        return tuple(AuditLink(id=name, at=at) for name, at in self._ends.items())


class Chain:
    """The chain of one writer. ``writer`` is a random id that no other chain has."""

    def __init__(self, writer: str, secrets: ChainSecrets, ends: OpenEnds | None = None) -> None:
        self.writer = writer
        self.ends = ends or OpenEnds()
        self._secrets = secrets
        self._seq = 0
        self._last: AuditLink | None = None

    @property
    def seq(self) -> int:
        """Return the number of the next entry."""
        return self._seq

    def heard(self, signed: SignedEntry) -> None:
        """Take in an entry of the log, in its order. One that does not hold is not named: the check tells of it."""
        entry = entry_of(signed)
        if entry is not None and self._secrets.fits(signed) and entry.writer != self.writer:
            self.ends.add(AuditLink(id=signed.id, at=entry.at), named_by(entry))

    def next(self, event: AuditEvent, at: datetime, body: str, *, sealed: bool) -> SignedEntry:
        """Return the next entry; it counts once it is ``written``."""
        return self._secrets.sign(
            AuditEntry(
                writer=self.writer, seq=self._seq, at=at, previous=self._last, after=self.ends.links()[:NAMED_AT_MOST],
                action=event.action, tenant=event.tenant, actor=event.actor, body=body, sealed=sealed,
            )
        )  # fmt: skip

    def written(self, signed: SignedEntry) -> None:
        """Take in that the broker has the next entry."""
        entry = entry_of(signed)
        assert entry is not None
        self._seq, self._last = entry.seq + 1, AuditLink(id=signed.id, at=entry.at)
        self.ends.drop(entry.after)

    def follower(self, writer: str) -> Chain:
        """Return a new chain that goes on from this one, of which nobody knows whether its newest entry arrived."""
        if self._last is not None:
            self.ends.add(self._last, ())
        return Chain(writer, self._secrets, self.ends)


def named_by(entry: AuditEntry) -> tuple[AuditLink, ...]:
    """Return every entry that an entry names."""
    return entry.after if entry.previous is None else (entry.previous, *entry.after)


def _hash(secret: bytes | None, text: str) -> str:
    if secret is None:
        return hashlib.sha256(_CHAIN_LABEL + text.encode()).hexdigest()
    return hmac.digest(secret, _CHAIN_LABEL + text.encode(), hashlib.sha256).hex()


def _name(secret: bytes) -> str:
    return hmac.digest(secret, _NAME_LABEL, hashlib.sha256).hex()[:16]
