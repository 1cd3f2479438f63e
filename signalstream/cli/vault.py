"""``signalstream vault``: the keys that seal what is kept. Make, list, rotate, destroy."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from signalstream.auditing import opened_audit
from signalstream.cli.audited import act
from signalstream.cli.tables import console, table
from signalstream.core.audit import DEPLOYMENT, AuditEvent
from signalstream.core.keys import is_tenant_id
from signalstream.encryption import Encryption, encryption, require_vault_topic
from signalstream.errors import ConfigurationError
from signalstream.models.base import rfc3339
from signalstream.models.tenant_key import TenantKeyRecord
from signalstream.security.master_keys import new_master_key
from signalstream.security.vault_rows import KEY_ROW
from signalstream.settings import load_settings
from signalstream.streaming.compaction import Replaced

COLUMNS = ("tenant", "key", "version", "seals", "made", "master key", "state")
COMPACTION_SECONDS = 60.0
STRAGGLER_SECONDS = 1.0  # for a key that a worker makes at this moment
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

vault = typer.Typer(help="Keys of encryption at rest: make, list, rotate, destroy.", no_args_is_help=True)


@vault.command("new-master-key")
def make_master_key() -> None:
    """Print a new master key, 32 random bytes in base64. Nothing is kept of it: put it into a file or secret store."""
    typer.echo(new_master_key())


@vault.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the tenants' keys. Keys themselves are never shown."""
    told = asyncio.run(_listed())
    if as_json:
        typer.echo(json.dumps(told, indent=2))
    elif told:
        console().print(table(COLUMNS, ([each[name] for name in COLUMNS] for each in told), unbroken=("key",)))
    else:
        console().print("no keys yet: a tenant's first message makes one")


@vault.command()
def rotate(
    tenant: Annotated[
        str | None, typer.Option(help="Begin a new version of this tenant's key, instead of the master key.")
    ] = None,
) -> None:
    """Wrap every tenant's key with the first master key, while workers go on; or begin a new key for one tenant."""
    asyncio.run(_rotate_tenant(_checked(tenant)) if tenant is not None else _rotate_master())


@vault.command()
def destroy(
    tenant: Annotated[str, typer.Argument(help="Whose keys.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy a tenant's keys: nothing of it can ever be read again, and its id cannot be used again. No way back."""
    _checked(tenant)
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigurationError("this cannot be undone and nobody is there to be asked; say --yes")
        typer.confirm(f"Destroy the keys of {tenant}, and with them everything that is kept of it?", abort=True)
    left = asyncio.run(_destroy(tenant))
    if left:
        raise typer.Exit(1)


async def _listed() -> list[dict[str, object]]:
    async with _connected() as encrypting:
        rows, masters = encrypting.vault.rows, encrypting.vault.master_ids
        told: list[dict[str, object]] = []
        for tenant in rows.tenants():
            if tenant in rows.gone:
                told.append(_line(tenant, f"destroyed {rfc3339(rows.gone[tenant])}"))
                continue
            told += [
                _line(tenant, _state(each, masters), each, number == 0) for number, each in enumerate(rows.of(tenant))
            ]
        return told


def _state(record: TenantKeyRecord, masters: tuple[str, ...]) -> str:
    if record.master_id == masters[0]:
        return "ok"
    return "to be rotated" if record.master_id in masters else "master key missing"


def _line(tenant: str, state: str, record: TenantKeyRecord | None = None, seals: bool = False) -> dict[str, object]:
    if record is None:
        return dict(zip(COLUMNS, (tenant, "-", "-", "-", "-", "-", state), strict=True))
    made = rfc3339(record.created_at)
    values = (tenant, record.key_id, record.version, "yes" if seals else "no", made, record.master_id, state)
    return dict(zip(COLUMNS, values, strict=True))


async def _rotate_master() -> None:
    async with _connected() as encrypting:
        encrypting.vault.require_master_keys()
        newest = encrypting.vault.master_ids[0]
        await _note(encrypting, act("vault.changed", DEPLOYMENT, newest, change="all keys wrapped with a master key"))
        count = await encrypting.vault.rewrap()
        console().print(f"{_counted(count)} wrapped anew; all are wrapped with the master key {newest} now")
        left = await encrypting.until_compacted(lambda _, value: newest.encode() not in value, COMPACTION_SECONDS)
    unused = encrypting.vault.master_ids[1:]
    if left:
        console().print(f"the topic still gives out {left} older wrappings; the broker's cleaner takes them later")
    elif unused:
        console().print(f"no longer needed: {', '.join(unused)}; take them out of the file on every machine")


async def _rotate_tenant(tenant: str) -> None:
    async with _connected() as encrypting:
        await _note(encrypting, act("vault.changed", tenant, tenant, change="a new version of its key"))
        record = await encrypting.vault.renew(tenant)
    console().print(f"version {record.version} of the key of {tenant} seals from now on; older ones stay for reading")


async def _destroy(tenant: str) -> int:
    async with _connected() as encrypting:
        await _note(encrypting, act("vault.changed", tenant, tenant, change="its keys destroyed"))
        count = await encrypting.vault.destroy(tenant)
        await asyncio.sleep(STRAGGLER_SECONDS)
        count += await encrypting.vault.destroy(tenant)
        console().print(f"destroyed {_counted(count)} of {tenant}; workers know it within seconds")
        left = await encrypting.until_compacted(_of(tenant), COMPACTION_SECONDS)
    if left:
        console().print(
            f"the topic {encrypting.topic} still gives out {left} old rows of it, which a master key could open: run "
            "this again when the broker's cleaner has run"
        )
    else:
        console().print("the broker gives out no row of it any more: what is kept of the tenant opens nowhere")
    return left


async def _note(encrypting: Encryption, event: AuditEvent) -> None:
    async with opened_audit(load_settings(), encrypting.vault) as audit:
        await audit.record(event)


def _of(tenant: str) -> Replaced:
    prefix = f"{KEY_ROW}/{tenant}/".encode()
    return lambda key, _: key.startswith(prefix)


def _checked(tenant: str) -> str:
    if not is_tenant_id(tenant):
        raise ConfigurationError(f"{tenant!r} is no tenant id (a-z, 0-9, _ and -, at most 63)")
    return tenant


def _counted(number: int) -> str:
    return f"{number} key{'' if number == 1 else 's'}"


@asynccontextmanager
async def _connected() -> AsyncIterator[Encryption]:
    settings = load_settings()
    encrypting = encryption(settings)
    if encrypting is None:
        raise ConfigurationError(
            "SIGNALSTREAM_ENCRYPTION=off: values are kept in the clear, and there is no vault; set it to required, as "
            "for the workers"
        )
    try:
        await require_vault_topic(settings)
        await encrypting.connect()
        yield encrypting
    finally:
        await encrypting.stop()
