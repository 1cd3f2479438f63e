"""``signalstream policies``: what each tenant decides for itself. Show, set, reset; workers know it within seconds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from pydantic import ValidationError

from signalstream.cli.audited import act, note
from signalstream.cli.policy_topic import PolicyTopic, write
from signalstream.cli.tables import console, table
from signalstream.core.keys import is_tenant_id
from signalstream.errors import ConfigurationError
from signalstream.models.policy import TenantPolicy
from signalstream.policies import MOST_CAREFUL, OWN_FIELDS, PolicyRows
from signalstream.settings import Settings, load_settings

COLUMNS = ("tenant", "field", "value", "decided by")
OPEN = "-"
LEFT = "left to the deployment"
UNREADABLE = "its row, which cannot be read"
Tenant = Annotated[str, typer.Option(help="Whose policy.")]
FIELDS = f"Fields: {', '.join(OWN_FIELDS)}."

policies = typer.Typer(help="Tenants' own decisions: show, set, reset.", no_args_is_help=True)


@policies.command()
def show(
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant, with what the deployment decides.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what tenants have decided; of one tenant also what the deployment decides for it."""
    settings = load_settings()
    rows, _ = asyncio.run(PolicyTopic(settings).read())
    told = _told_of(rows, _checked(tenant)) if tenant is not None else _told(rows)
    if as_json:
        typer.echo(json.dumps(told, indent=2))
    elif told:
        console().print(table(COLUMNS, ([str(each[name]) for name in COLUMNS] for each in told)))
    else:
        console().print("no tenant has decided anything: the deployment's settings hold for all")


@policies.command("set")
def set_fields(
    tenant: Tenant, decisions: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help=FIELDS)]
) -> None:
    """Decide one or more fields for a tenant; the others stay as they are."""
    asyncio.run(_change(load_settings(), _checked(tenant), assignments(decisions)))


@policies.command()
def reset(
    tenant: Tenant, fields: Annotated[list[str] | None, typer.Argument(metavar="[FIELD...]", help=FIELDS)] = None
) -> None:
    """Leave fields to the deployment again; all of them when none is named."""
    names = fields or list(OWN_FIELDS)
    asyncio.run(_change(load_settings(), _checked(tenant), dict.fromkeys(map(known, names))))


async def _change(settings: Settings, tenant: str, changes: Mapping[str, str | None]) -> None:
    topic = PolicyTopic(settings)

    def decided(rows: PolicyRows) -> TenantPolicy:
        require_readable(rows, tenant, changes)
        after = changed(rows.own.get(tenant) or TenantPolicy(tenant_id=tenant), changes)
        require_possible(settings, after)
        return after

    rows, log = await topic.read(tenant)
    after = decided(rows)
    if after == (rows.own.get(tenant) or TenantPolicy(tenant_id=tenant)) and tenant not in rows.unreadable:
        console().print(f"nothing to change: that is the policy of {tenant} already")
        return
    told = {name: LEFT if getattr(after, name) is None else str(getattr(after, name)) for name in changes}
    await note(settings, act("policy.changed", tenant, tenant, **told))
    if await write(topic, after, log[-1] if log else None, decided):
        console().print(f"another command changed the policy of {tenant} at the same moment: both decisions hold")
    for name, value in told.items():
        console().print(f"{tenant}: {name} {value if value == LEFT else f'= {value}'}", markup=False)


def require_readable(rows: PolicyRows, tenant: str, changes: Mapping[str, str | None]) -> None:
    """Raise ConfigurationError for a change of what this version cannot read, unless all of it is left open."""
    if tenant in rows.unreadable and changes != dict.fromkeys(OWN_FIELDS):
        raise ConfigurationError(
            f"the policy of {tenant} cannot be read by this version, and its other decisions would be lost. Nothing "
            f"was changed; use the version that wrote it or begin anew: `signalstream policies reset --tenant {tenant}`"
        )


def require_possible(settings: Settings, policy: TenantPolicy) -> None:
    """Raise ConfigurationError for a policy by which every message of its tenant would be refused."""
    if settings.encryption == "off" and policy.originals == "redacted_and_sealed_original":
        raise ConfigurationError(
            "originals are kept encrypted only, and SIGNALSTREAM_ENCRYPTION is off: every message of the tenant would "
            "be refused. Nothing was changed; turn encryption on first"
        )


def changed(policy: TenantPolicy, changes: Mapping[str, str | None]) -> TenantPolicy:
    """Return the policy with other values, as they were typed. Raises ConfigurationError that names each wrong one."""
    try:
        return TenantPolicy.model_validate(policy.model_dump() | dict(changes))
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, problem['loc']))}={problem['input']}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors()
        ]
        raise ConfigurationError(f"{'; '.join(wrong)}. Nothing was changed") from None


def assignments(words: Sequence[str]) -> dict[str, str]:
    """Return the values by their fields. Raises ConfigurationError for what is no ``field=value``."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ConfigurationError(f"{word!r} is no field=value, as in originals=redacted_only")
        if known(name) in found:
            raise ConfigurationError(f"{name} is said twice; say it once")
        found[name] = value
    return found


def known(name: str) -> str:
    """Return the name of a field. Raises ConfigurationError for any other."""
    if name not in OWN_FIELDS:
        raise ConfigurationError(f"a policy has no field {name!r}; it has {', '.join(OWN_FIELDS)}")
    return name


def _told(rows: PolicyRows) -> list[dict[str, object]]:
    return [
        line
        for tenant in sorted({*rows.own, *rows.unreadable})
        for line in _told_of(rows, tenant)
        if line["decided by"] != "deployment"
    ]


def _told_of(rows: PolicyRows, tenant: str) -> list[dict[str, object]]:
    whole, own = rows.of(tenant), rows.own.get(tenant)
    lines = []
    for name in OWN_FIELDS:
        value = getattr(whole, name)
        by = "tenant" if own is not None and getattr(own, name) is not None else "deployment"
        if tenant in rows.unreadable and name in MOST_CAREFUL:
            by = UNREADABLE
        lines.append(dict(zip(COLUMNS, (tenant, name, OPEN if value is None else value, by), strict=True)))
    return lines


def _checked(tenant: str) -> str:
    if not is_tenant_id(tenant):
        raise ConfigurationError(f"--tenant: {tenant!r} is no tenant id (a-z, 0-9, _ and -, at most 63)")
    return tenant
