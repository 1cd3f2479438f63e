"""``signalstream retention``: what has been kept for as long as its tenant wants, and be rid of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

import typer

from signalstream.auditing import opened_audit
from signalstream.cli.audited import ACTOR
from signalstream.cli.bars import Bars
from signalstream.cli.compacted import read_rows
from signalstream.cli.dead_letters import Filed, tenant_of
from signalstream.cli.dlq import purge_letters
from signalstream.cli.dlq_log import consumer, producer, read_all
from signalstream.cli.retention_log import due_requests
from signalstream.cli.tables import console, table
from signalstream.core.clock import SystemClock
from signalstream.core.policies import Policies
from signalstream.core.retention import Due, Total, is_letter_due, kept_of, totals
from signalstream.core.sealing import Sealer
from signalstream.encryption import opened_sealer
from signalstream.models.base import rfc3339
from signalstream.policies import PolicyRows, deployment_policy
from signalstream.settings import Settings, load_settings
from signalstream.streaming.values import sealable
from signalstream.tables.retention import Request, Requests, swept
from signalstream.topics import POLICIES, RAW, WINDOW_COMMANDS, topic_name

COLUMNS = ("tenant", "class", "rows", "oldest")

retention = typer.Typer(help="What is kept no longer: sweep.", no_args_is_help=True)


class Found(NamedTuple):
    """What is due: requests to owners, dead letters. ``unreadable`` rows are of no known age."""

    requests: list[Request]
    letters: list[Filed]
    unreadable: int

    def totals(self) -> list[Total]:
        """Return the sums for each tenant and class."""
        named = [(each.letter and tenant_of(each.letter), each.happened_at) for each in self.letters]
        letters = [Due(tenant, "dead letters", at) for tenant, at in named if tenant]
        return totals([*(each.due for each in self.requests), *letters])


@retention.command()
def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, do nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Remove what is older than its tenant's retention: conversations, windows, dead letters.

    Workers do the same for conversations and windows by themselves; dead letters go by this command alone.
    """
    found = asyncio.run(_sweep(load_settings(), dry_run=dry_run))
    sums = [(each.tenant, each.of, each.rows, rfc3339(each.oldest)) for each in found.totals()]
    rows = [dict(zip(COLUMNS, each, strict=True)) for each in sums]
    if as_json:
        typer.echo(json.dumps({"swept": not dry_run, "due": rows, "unreadable": found.unreadable}, indent=2))
        return
    if rows:
        console().print(table(COLUMNS, ([str(each[name]) for name in COLUMNS] for each in rows)))
        console().print("nothing was removed" if dry_run else "asked their owners to remove them; letters are purged")
    else:
        console().print("nothing is older than its tenant's retention")
    if found.unreadable:
        console().print(f"left out: {found.unreadable} rows that could not be read")


async def _sweep(settings: Settings, *, dry_run: bool) -> Found:
    policies, now = PolicyRows(deployment_policy(settings)), SystemClock().now()
    await read_rows(settings, POLICIES, policies.apply)
    letters = [each for each in await read_all(settings, Bars()) if letter_is_due(each, policies, now)]
    requests = Requests(policies, topic_name(RAW, settings), topic_name(WINDOW_COMMANDS, settings))
    async with opened_sealer(settings) as sealer:
        async with consumer(settings) as reader:
            due, unreadable = await due_requests(settings, reader, requests, sealer, now)
        found = Found(due, letters, unreadable)
        if not dry_run:
            await _noted(settings, sealer, found)
            await _ask(settings, sealer, found.requests)
    if letters and not dry_run:
        await purge_letters(settings, letters)
    return found


def letter_is_due(each: Filed, policies: Policies, now: datetime) -> bool:
    """Say whether a dead letter is older than its tenant wants; one that names no tenant is nobody's to decide on."""
    tenant = tenant_of(each.letter) if each.letter else None
    return tenant is not None and is_letter_due(each.happened_at, kept_of(policies.of(tenant)), now)


async def _noted(settings: Settings, sealer: Sealer, found: Found) -> None:
    async with opened_audit(settings, sealer) as audit:
        for event in swept(found.totals(), ACTOR):
            await audit.record(event)


async def _ask(settings: Settings, sealer: Sealer, requests: Sequence[Request]) -> None:
    async with producer(settings) as writer:
        for each in requests:
            await sealable(sealer, each.key)
            value = sealer.seal(each.topic, each.key, each.value)
            await writer.send_and_wait(each.topic, value, each.key, headers=each.headers)
