"""The check of the audit log: what was changed, removed, inserted, moved or played again, and what has just expired.

What is taken out of the log is missing where another entry names it. What the topic's retention took is missing too,
and differs: it is older than the retention, and nothing older is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from signalstream.core.audit_chain import ChainSecrets, OpenEnds, entry_of, named_by
from signalstream.models.audit import AuditEntry, AuditLink, SignedEntry

SKEW = timedelta(minutes=10)  # how far the writers' clocks may be apart
Kind = Literal["changed", "unkeyed", "unknown secret", "removed", "reordered", "replayed", "forked", "misplaced"]


@dataclass(frozen=True)
class Stored:
    """A record of the log at ``place``, as in 0-17. ``signed`` is None for bytes that are no entry, ``why`` says more.

    ``stray`` is a record outside of the one partition that the log is in.
    """

    place: str
    signed: SignedEntry | None
    why: str = "it is no entry"
    stray: bool = False


@dataclass(frozen=True)
class Finding:
    """Something that should not be, and where."""

    kind: Kind
    place: str
    detail: str


@dataclass(frozen=True)
class Held:
    """An entry that holds, at its place."""

    place: str
    id: str
    entry: AuditEntry


@dataclass
class Report:
    """What the check found. ``expired`` entries were taken by the retention; ``ends`` are those that nothing names."""

    findings: list[Finding] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    repeats: int = 0
    expired: int = 0
    ends: tuple[AuditLink, ...] = ()

    @property
    def writers(self) -> int:
        """Return how many chains there are."""
        return len({each.entry.writer for each in self.held})


def check(
    log: Iterable[Stored],
    secrets: ChainSecrets,
    *,
    now: datetime,
    retention: timedelta,
    known: Sequence[AuditLink] = (),
) -> Report:
    """Return what is wrong with a log, given in its order. ``known`` are entries that an earlier check found."""
    report = Report()
    _read(log, secrets, report)
    _trace(report, _Horizon(report, now - retention + SKEW), known)
    return report


def _read(log: Iterable[Stored], secrets: ChainSecrets, report: Report) -> None:
    places: dict[str, str] = {}
    numbers: dict[tuple[str, int], str] = {}
    newest: dict[str, int] = {}
    for each in log:
        entry, finding = _entry(each, secrets)
        if finding is not None:
            report.findings.append(finding)
        if entry is None or each.signed is None:
            continue
        name, number = each.signed.id, (entry.writer, entry.seq)
        if name in places:
            _repeated(report, each.place, places[name], after=newest[entry.writer] > entry.seq)
            continue
        if number in numbers:
            detail = f"number {entry.seq} of the writer {entry.writer} is also at {numbers[number]}"
            report.findings.append(Finding("forked", each.place, detail))
        places[name] = numbers[number] = each.place
        newest[entry.writer] = max(newest.get(entry.writer, 0), entry.seq)
        report.held.append(Held(each.place, name, entry))


def _entry(each: Stored, secrets: ChainSecrets) -> tuple[AuditEntry | None, Finding | None]:
    signed = each.signed
    if signed is None:
        return None, Finding("changed", each.place, each.why)
    if signed.secret_id is None and secrets.secrets:
        return None, Finding("unkeyed", each.place, "anyone could have made it: it was hashed without a secret")
    if not secrets.knows(signed.secret_id):
        detail = f"it was hashed with the secret {signed.secret_id}, which is not here; add it behind the present one"
        return entry_of(signed), Finding("unknown secret", each.place, detail)
    entry = entry_of(signed)
    if entry is None or not secrets.fits(signed):
        return None, Finding("changed", each.place, "its text is not what its id is the hash of")
    if each.stray:
        return None, Finding("misplaced", each.place, "the audit log is in partition 0 alone")
    return entry, None


def _repeated(report: Report, place: str, first: str, *, after: bool) -> None:
    # A producer may write a record twice, but never after the writer's next one, for which it awaits this one.
    if after:
        report.findings.append(Finding("replayed", place, f"it is the entry at {first} once more"))
    else:
        report.repeats += 1


class _Horizon:
    """Whether what is missing may have expired: before ``until``, and with nothing older left."""

    def __init__(self, report: Report, until: datetime) -> None:
        oldest = min((each.entry.at for each in report.held), default=until)
        self._latest = min(until, oldest + SKEW)

    def covers(self, link: AuditLink) -> bool:
        return link.at <= self._latest


def _trace(report: Report, horizon: _Horizon, known: Sequence[AuditLink]) -> None:
    order = {each.id: number for number, each in enumerate(report.held)}
    missing: dict[str, AuditLink] = {}
    ends = OpenEnds()
    for number, each in enumerate(report.held):
        named = named_by(each.entry)
        ends.add(AuditLink(id=each.id, at=each.entry.at), named)
        for link in named:
            there = order.get(link.id)
            if there is None:
                _miss(report, missing, link, each.place, horizon)
            elif there > number:
                detail = f"it names the entry at {report.held[there].place}, which comes after it"
                report.findings.append(Finding("reordered", each.place, detail))
    for link in known:
        if link.id not in order:
            _miss(report, missing, link, "the end", horizon)
    report.ends, report.expired = ends.links(), sum(1 for link in missing.values() if horizon.covers(link))


def _miss(report: Report, missing: dict[str, AuditLink], link: AuditLink, place: str, horizon: _Horizon) -> None:
    if link.id in missing:
        return
    missing[link.id] = link
    if not horizon.covers(link):
        detail = f"the entry {link.id[:16]} of {link.at:%Y-%m-%dT%H:%M:%SZ} that it names is gone before its time"
        report.findings.append(Finding("removed", place, detail))
