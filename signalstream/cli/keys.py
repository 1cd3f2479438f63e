"""``signalstream keys``: who may call the API. A key is shown once, when it is made; what is kept is its hash."""

from __future__ import annotations

import asyncio
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from signalstream.cli.audited import act, note
from signalstream.cli.keys_log import listed, write_keys
from signalstream.cli.tables import console, table
from signalstream.core.api_key import ID_BYTES, SECRET_BYTES, ApiKey
from signalstream.core.audit import AuditEvent
from signalstream.core.clock import SystemClock
from signalstream.core.keys import is_tenant_id
from signalstream.core.spans import span
from signalstream.errors import ConfigurationError
from signalstream.models.api_key import ApiKeyRecord
from signalstream.security import issuing
from signalstream.security.hashing import require_secrets
from signalstream.security.principal import SCOPES
from signalstream.settings import Settings, load_settings

COLUMNS = ("key", "tenant", "scopes", "label", "state", "created", "expires", "last used", "replaced by")
LONGEST_LABEL = 100
SCOPE_HELP = f"What it may do; several times for several: {', '.join(sorted(SCOPES))}."
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
KeyId = Annotated[str, typer.Argument(metavar="KEY", help="The key's id, as `signalstream keys list` shows it.")]

keys = typer.Typer(help="API keys: issue, list, revoke, rotate.", no_args_is_help=True)


@keys.command()
def issue(
    tenant: Annotated[str, typer.Option(help="Whose data the key opens.")],
    scope: Annotated[list[str], typer.Option(help=SCOPE_HELP)],
    label: Annotated[str, typer.Option(help="What it is for, as in: the shop's backend.")],
    expires_in: Annotated[str | None, typer.Option(help="How long it is valid, as 90d or 12h; else for ever.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once."""
    if not is_tenant_id(tenant):
        raise ConfigurationError(f"--tenant: {tenant!r} is no tenant id (a-z, 0-9, _ and -, at most 63)")
    settings, now = load_settings(), SystemClock().now()
    expires_at = None if expires_in is None else now + _span("--expires-in", expires_in)
    key, record = issuing.issue(
        require_secrets(settings), _random(), tenant=tenant, scopes=tuple(scope), label=_label(label), now=now,
        expires_at=expires_at,
    )  # fmt: skip
    told = {"scopes": " ".join(scope), "expires": _time(expires_at)}
    asyncio.run(_write(settings, [record], act("key.issued", tenant, record.key_id, **told)))
    _show(key, record, as_json)


@keys.command("list")
def list_keys(
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant.")] = None, as_json: AsJson = False
) -> None:
    """List the keys, oldest first; the keys themselves are nowhere kept."""
    now = SystemClock().now()
    found = [each for each in asyncio.run(listed(load_settings())) if tenant in (None, each[0].tenant_id)]
    if as_json:
        typer.echo(json.dumps([_described(record, used, now) for record, used in found], indent=2))
    elif found:
        console().print(table(COLUMNS, (_row(record, used, now) for record, used in found), unbroken=("key",)))
    else:
        console().print("no keys")


@keys.command()
def revoke(key_id: KeyId) -> None:
    """Refuse a key from now on, on every worker within five seconds; what streams with it is closed."""
    settings = load_settings()
    record = issuing.revoke(asyncio.run(_find(key_id)), SystemClock().now())
    asyncio.run(_write(settings, [record], act("key.revoked", record.tenant_id, key_id)))
    console().print(f"revoked {key_id}")


@keys.command()
def rotate(
    key_id: KeyId,
    overlap: Annotated[str, typer.Option(help="How long the old key is still accepted, as 24h; 0s ends it.")] = "24h",
    as_json: AsJson = False,
) -> None:
    """Make a key with the same grants, and let the old one end after the overlap."""
    settings = load_settings()
    key, new, old = issuing.rotate(
        require_secrets(settings), _random(), asyncio.run(_find(key_id)),
        now=SystemClock().now(), overlap=_span("--overlap", overlap),
    )  # fmt: skip
    # The new key first: when the second write fails, the old one is simply not limited yet.
    told = {"replaced_by": new.key_id, "accepted_until": _time(old.expires_at)}
    asyncio.run(_write(settings, [new, old], act("key.rotated", old.tenant_id, old.key_id, **told)))
    _show(key, new, as_json)
    if not as_json:
        typer.echo(f"the old key {old.key_id} is accepted until {_time(old.expires_at)}", err=True)


async def _write(settings: Settings, records: list[ApiKeyRecord], event: AuditEvent) -> None:
    await note(settings, event)
    await write_keys(settings, records)


async def _find(key_id: str) -> ApiKeyRecord:
    for record, _ in await listed(load_settings()):
        if record.key_id == key_id:
            return record
    raise ConfigurationError(f"there is no key {key_id}; `signalstream keys list` shows what there is")


def _random() -> bytes:
    return secrets.token_bytes(ID_BYTES + SECRET_BYTES)


def _span(option: str, text: str) -> timedelta:
    found = span(text)
    if found is None:
        raise ConfigurationError(f"{option}: {text!r} is no span of time as 30m, 12h, 90d or 52w")
    return found


def _label(text: str) -> str:
    if not (text.isprintable() and 0 < len(text) <= LONGEST_LABEL):
        raise ConfigurationError(f"--label: write 1 to {LONGEST_LABEL} printable characters")
    return text


def _show(key: ApiKey, record: ApiKeyRecord, as_json: bool) -> None:
    if as_json:
        typer.echo(issuing.shown(key, record).model_dump_json())
        return
    # The key alone on standard output, so that it can go into a secret store without passing a screen.
    typer.echo(
        f"key {record.key_id} of {record.tenant_id}: {', '.join(record.scopes)}; expires {_time(record.expires_at)}. "
        "It is shown only now:",
        err=True,
    )
    typer.echo(key.text)


def _described(record: ApiKeyRecord, used: datetime | None, now: datetime) -> dict[str, object]:
    told = record.model_dump(mode="json", exclude={"v", "hash", "secret_id"})
    return told | {"state": record.state(now), "last_used_at": None if used is None else _time(used)}


def _row(record: ApiKeyRecord, used: datetime | None, now: datetime) -> tuple[str, ...]:
    return (
        record.key_id, record.tenant_id, " ".join(record.scopes), record.label, record.state(now),
        _time(record.created_at), _time(record.expires_at), _time(used), record.replaced_by or "-",
    )  # fmt: skip


def _time(value: datetime | None) -> str:
    return "never" if value is None else value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
