"""``signalstream audit``: who did what, and whether anybody touched the log of it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from signalstream.cli.audit_log import read_log
from signalstream.cli.dlq_choice import moment
from signalstream.cli.tables import console, printable, table
from signalstream.core.audit_chain import entry_of
from signalstream.core.audit_check import Report, check
from signalstream.core.clock import SystemClock
from signalstream.core.sealing import Sealer
from signalstream.encryption import opened_sealer
from signalstream.errors import ConfigurationError, SealedError
from signalstream.models.audit import AuditEntry, AuditLink
from signalstream.models.base import rfc3339
from signalstream.security.audit_secrets import audit_secrets
from signalstream.security.audit_trail import Body, body_of
from signalstream.settings import Settings, load_settings
from signalstream.topics import AUDIT, all_topics, topic_name

COLUMNS = ("place", "time", "action", "tenant", "actor", "subject", "detail")
CHECKPOINT = "log.checkpoint"
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Anchor = Annotated[
    Path | None,
    typer.Option(help="File that keeps the log's ends from one check to the next, on a machine of its own."),
]
_LINKS = TypeAdapter(tuple[AuditLink, ...])

audit = typer.Typer(help="The audit log: verify, show.", no_args_is_help=True)


@audit.command()
def verify(anchor: Anchor = None, as_json: AsJson = False) -> None:
    """Check the log: what was changed, removed, moved or inserted. Exit code 1 when anything was."""
    settings = load_settings()
    known = anchored(anchor)
    report = asyncio.run(_verified(settings, known))
    signed = bool(audit_secrets(settings).secrets)
    typer.echo(json.dumps(told(report, signed=signed), indent=2)) if as_json else _print(report, signed=signed)
    if report.findings:
        raise typer.Exit(1)
    if anchor is not None:
        leave(anchor, report.ends)


@audit.command()
def show(
    *,
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant; _ for the deployment's own.")] = None,
    since: Annotated[str | None, typer.Option(help="Since then, as 2026-01-31T12:00Z, or for so long, as 2h.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this, as key.issued, or all that begins so, as key.")] = None,
    checkpoints: Annotated[bool, typer.Option("--checkpoints", help="Checkpoints too.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show the events, oldest first. Nothing is checked here: that is `signalstream audit verify`."""
    settings = load_settings()
    begin = moment("--since", since, SystemClock().now())

    def fits(entry: AuditEntry) -> bool:
        return (
            tenant in (None, entry.tenant)
            and (begin is None or entry.at >= begin)
            and (action is None or entry.action == action or entry.action.startswith(f"{action.rstrip('.')}."))
            and (checkpoints or action is not None or entry.action != CHECKPOINT)
        )

    lines = [line for entry, line in asyncio.run(_events(settings)) if fits(entry)]
    if as_json:
        typer.echo(json.dumps(lines, indent=2, ensure_ascii=False))
    elif lines:
        rows = ([_cell(line[name]) for name in COLUMNS] for line in lines)
        console().print(table(COLUMNS, rows, unbroken=("place", "time", "action")))
    else:
        console().print("no such event")


async def _verified(settings: Settings, known: tuple[AuditLink, ...]) -> Report:
    async with opened_sealer(settings) as sealer:
        log = await read_log(settings, sealer)
    name = topic_name(AUDIT, settings)
    kept_ms = next(spec.retention_ms for spec in all_topics(settings) if spec.name == name)
    now, retention = SystemClock().now(), timedelta(milliseconds=kept_ms or 0)
    return check(log, audit_secrets(settings), now=now, retention=retention, known=known)


async def _events(settings: Settings) -> list[tuple[AuditEntry, dict[str, object]]]:
    topic = topic_name(AUDIT, settings)
    async with opened_sealer(settings) as sealer:
        log = await read_log(settings, sealer)
        entries = [(each.place, entry_of(each.signed)) for each in log if each.signed is not None]
        return [(entry, _line(place, entry, _body(entry, topic, sealer))) for place, entry in entries if entry]


def _body(entry: AuditEntry, topic: str, sealer: Sealer) -> Body:
    try:
        return body_of(entry, topic, sealer)
    except (SealedError, KeyError, TypeError, ValueError):
        return Body("(unreadable)", {})


def _line(place: str, entry: AuditEntry, body: Body) -> dict[str, object]:
    values = (place, rfc3339(entry.at), entry.action, entry.tenant, entry.actor, body.subject, dict(body.detail))
    return dict(zip(COLUMNS, values, strict=True))


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return printable(" ".join(f"{name}={told}" for name, told in value.items()))
    return printable(str(value))


def _print(report: Report, *, signed: bool) -> None:
    for finding in report.findings:
        console().print(f"{finding.kind} at {finding.place}: {finding.detail}", markup=False, soft_wrap=True)
    counted = f"{len(report.held)} events of {report.writers} writers"
    console().print(f"{len(report.findings)} findings in {counted}" if report.findings else f"{counted}: all hold")
    if report.expired:
        console().print(f"{report.expired} that events name have expired: the log begins where its retention ends")
    if report.held:
        last = max(each.entry.at for each in report.held)
        console().print(f"the newest is of {rfc3339(last)}; what was cut off behind it only --anchor can tell")
    if not signed:
        console().print(
            "the log has no secret: who can write to the broker can forge it; set SIGNALSTREAM_AUDIT_SECRET_FILE"
        )


def told(report: Report, *, signed: bool) -> dict[str, Any]:
    """Return a report for JSON."""
    return {
        "holds": not report.findings,
        "signed": signed,
        "events": len(report.held),
        "writers": report.writers,
        "expired": report.expired,
        "findings": [{"kind": each.kind, "place": each.place, "detail": each.detail} for each in report.findings],
        "ends": [each.model_dump(mode="json") for each in report.ends],
    }


def leave(anchor: Path, ends: tuple[AuditLink, ...]) -> None:
    """Keep the ends for the next check; a file that cannot be written stays as it was. Raises ConfigurationError."""
    new = anchor.with_name(f"{anchor.name}.new")
    try:
        new.write_bytes(_LINKS.dump_json(ends))
        new.replace(anchor)
    except OSError as error:
        raise ConfigurationError(
            f"--anchor: {anchor} cannot be written ({type(error).__name__}), so the next check would not know of this "
            "one; name a file in a folder that you may write to, and check again"
        ) from error


def anchored(anchor: Path | None) -> tuple[AuditLink, ...]:
    """Return the ends that an earlier check left in a file. Raises ConfigurationError for a file of something else."""
    if anchor is None:
        return ()
    try:
        return _LINKS.validate_json(anchor.read_bytes()) if anchor.exists() else ()
    except (OSError, ValidationError) as error:
        raise ConfigurationError(
            f"--anchor: {anchor} does not hold what an earlier check wrote ({type(error).__name__}); name a new file"
        ) from error
