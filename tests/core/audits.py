"""Audit logs in memory: several writers that hear of one another when the test says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from signalstream.core.audit import AuditEvent
from signalstream.core.audit_chain import Chain, ChainSecrets
from signalstream.core.audit_check import Report, Stored, check
from signalstream.models.audit import AuditLink, SignedEntry

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
STEP = timedelta(minutes=30)
SECRETS = ChainSecrets((b"the audit log's secret of the test",))
OTHERS = ChainSecrets((b"a secret that the deployment has not",))
YEAR = timedelta(days=365)


def event(number: int = 0) -> AuditEvent:
    return AuditEvent("key.issued", "acme", "cli", f"key-{number}")


def written(steps: Sequence[tuple[int, bool]], secrets: ChainSecrets = SECRETS) -> list[SignedEntry]:
    """Return a log: in each step a writer, by its number, hears all that is there, or does not, and writes."""
    log: list[SignedEntry] = []
    chains: dict[int, Chain] = {}
    heard: dict[int, int] = {}
    for number, (writer, listens) in enumerate(steps):
        chain = chains.setdefault(writer, Chain(f"{writer:016x}", secrets))
        if listens:
            for signed in log[heard.get(writer, 0) :]:
                chain.heard(signed)
            heard[writer] = len(log)
        signed = chain.next(event(number), BEGIN + number * STEP, f'{{"subject":"key-{number}"}}', sealed=False)
        chain.written(signed)
        log.append(signed)
    return log


def stored(log: Sequence[SignedEntry]) -> list[Stored]:
    return [Stored(f"0-{offset}", signed) for offset, signed in enumerate(log)]


def checked(
    log: Sequence[SignedEntry],
    secrets: ChainSecrets = SECRETS,
    *,
    retention: timedelta = YEAR,
    now: datetime | None = None,
    known: Sequence[AuditLink] = (),
) -> Report:
    at = BEGIN + len(log) * STEP if now is None else now
    return check(stored(log), secrets, now=at, retention=retention, known=known)


def kinds(report: Report) -> set[str]:
    return {finding.kind for finding in report.findings}
