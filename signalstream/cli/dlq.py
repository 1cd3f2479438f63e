"""``signalstream dlq``: what could not be processed. Look at it, mend the cause, send it back or be rid of it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer
from aiokafka import ConsumerRecord

from signalstream.auditing import opened_audit
from signalstream.cli.audited import act
from signalstream.cli.bars import Bars
from signalstream.cli.dead_letters import Filed, counted, tenant_of
from signalstream.cli.dlq_choice import Choice, select
from signalstream.cli.dlq_log import Notes, consumer, partitions, producer, read_all
from signalstream.cli.dlq_options import (
    Agent,
    All,
    DryRun,
    Ids,
    Reason,
    Since,
    Tenant,
    Until,
    choice_of,
    demand,
)
from signalstream.cli.dlq_purge import Purge
from signalstream.cli.dlq_redrive import Redrive, fetch_original, prepare, send
from signalstream.cli.dlq_view import COLUMNS, details, line
from signalstream.cli.erased import read_marks
from signalstream.cli.tables import console, table
from signalstream.core.audit import DEPLOYMENT, AuditEvent
from signalstream.core.clock import SystemClock
from signalstream.core.keys import is_tenant_id
from signalstream.encryption import opened_sealer
from signalstream.errors import ConfigurationError
from signalstream.models.dead_letter import DeadLetter
from signalstream.settings import Settings, load_settings
from signalstream.streaming.administration import connected_admin
from signalstream.topics import DLQ, all_topics, topic_name

NAMED_LETTERS = 100  # in one event of the audit log

dlq = typer.Typer(help="Dead letters: list, show, send back, purge.", no_args_is_help=True)


@dlq.command("list")
def list_letters(
    *,
    reason: Reason = None, agent: Agent = None, tenant: Tenant = None, since: Since = None, until: Until = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:  # fmt: skip
    """List the dead letters, oldest first. Their bytes are not shown."""
    choice = choice_of(reason=reason, agent=agent, tenant=tenant, since=since, until=until)
    letters = select(asyncio.run(read_all(load_settings(), Bars())), choice)
    if as_json:
        typer.echo(json.dumps([details(each, with_value=False) for each in letters], indent=2))
    elif letters:
        console().print(table(COLUMNS, map(line, letters)))
    else:
        console().print("no dead letters")


@dlq.command()
def show(
    letter_id: Annotated[str, typer.Argument(help="The letter's id, as in 3-17.")],
    value: Annotated[bool, typer.Option("--value", help="Its bytes too: they may hold personal data.")] = False,
) -> None:
    """Print one dead letter with its headers as JSON."""
    told = asyncio.run(_shown(load_settings(), letter_id, value))
    typer.echo(json.dumps(told, indent=2, ensure_ascii=False))


async def _shown(settings: Settings, letter_id: str, with_value: bool) -> dict[str, object]:
    (letter,) = select(await read_all(settings, Bars()), Choice(ids=(letter_id,)))
    async with opened_sealer(settings) as sealer:
        return details(letter, with_value, sealer)


@dlq.command()
def redrive(
    ids: Ids = None, *, everything: All = False, reason: Reason = None, agent: Agent = None, tenant: Tenant = None,
    since: Since = None, until: Until = None, dry_run: DryRun = False,
    again: Annotated[bool, typer.Option("--again", help="Those too that have been sent back before.")] = False,
) -> None:  # fmt: skip
    """Send dead letters' original records back to the topics that they came from; the letters stay in the log."""
    choice = demand(
        choice_of(ids, reason=reason, agent=agent, tenant=tenant, since=since, until=until), everything
    )  # fmt: skip
    refused = asyncio.run(_redrive(load_settings(), choice, again or bool(choice.ids), dry_run))
    if refused:
        raise typer.Exit(1)


async def _redrive(settings: Settings, choice: Choice, again: bool, dry_run: bool) -> list[str]:
    letters = select(await read_all(settings, Bars()), choice)
    chosen = letters if choice.ids else _worth_sending(letters, again)
    known = {spec.name for spec in all_topics(settings)}

    async def fetch(letter: DeadLetter) -> ConsumerRecord | None:
        async with consumer(settings) as reader:
            return await fetch_original(letter, reader)

    async with opened_sealer(settings) as sealer:
        marks = await read_marks(settings, sealer)
    ready, refused = await prepare(chosen, known, fetch, marks.erased)
    if refused and choice.ids:  # named one by one, so that all of them are meant: nothing is sent
        raise ConfigurationError("; ".join(refused))
    for why in refused:
        console().print(f"left out: {why}", markup=False)
    if dry_run:
        for record in ready:
            console().print(f"{record.letter.id} would go to {record.topic}", markup=False)
        console().print(f"would send back {counted(len(ready))}; nothing was sent")
    else:
        await _send_back(settings, ready)
        console().print(
            f"sent back {counted(len(ready))}. They stay listed: the topic is a log, kept for its retention."
        )
    return refused


def _worth_sending(letters: Sequence[Filed], again: bool) -> list[Filed]:
    readable = [each for each in letters if each.letter]
    fresh = [each for each in readable if again or not each.redriven_at]
    if len(readable) < len(letters):
        console().print(f"left out: {len(letters) - len(readable)} unreadable")
    if len(fresh) < len(readable):
        console().print(f"left out: {len(readable) - len(fresh)} sent back before; --again sends them again")
    return fresh


async def _send_back(settings: Settings, ready: Sequence[Redrive]) -> None:
    async with (
        opened_sealer(settings) as sealer,
        opened_audit(settings, sealer) as audit,
        producer(settings) as writer,
    ):
        notes = Notes(writer, topic_name(DLQ, settings), SystemClock(), sealer)
        with Bars().bar("sending back", len(ready)) as advance:
            for record in ready:
                await audit.record(act("letter.redriven", _owner(record.letter), record.letter.id, topic=record.topic))
                await send(record, writer)
                await notes.redriven(record.letter)
                console().print(f"{record.letter.id} sent to {record.topic}", markup=False)
                advance(1)


@dlq.command()
def purge(
    ids: Ids = None, *, everything: All = False, reason: Reason = None, agent: Agent = None, tenant: Tenant = None,
    since: Since = None, until: Until = None, dry_run: DryRun = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:  # fmt: skip
    """Delete dead letters from the topic: the broker gives them to nobody any more. This cannot be undone."""
    choice = demand(
        choice_of(ids, reason=reason, agent=agent, tenant=tenant, since=since, until=until), everything
    )  # fmt: skip
    settings = load_settings()
    letters = asyncio.run(read_all(settings, Bars()))
    going = _going(letters, choice)
    if dry_run or not going:
        console().print(f"would purge {counted(len(going))}; nothing was purged" if going else "nothing to purge")
        return
    if not yes:
        _ask(going)
    asyncio.run(purge_letters(settings, going))
    origins = sorted({each.letter.origin.topic for each in going if each.letter})
    console().print(f"purged {counted(len(going))}: the broker gives them to nobody any more")
    console().print(
        f"not touched: the records at their origin ({', '.join(origins) or 'unknown'}), kept for its retention"
    )


def _going(letters: Sequence[Filed], choice: Choice) -> list[Filed]:
    chosen = {each.id for each in select(letters, choice)}
    going = [each for each in letters if each.id in chosen or each.purged_at]
    if going:
        console().print(table(COLUMNS, map(line, going)))
    if choice.tenant is not None:
        nobodys = [each for each in select(letters, replace(choice, tenant=None)) if not _whose(each)]
        if nobodys:
            named = ", ".join(each.id for each in nobodys)
            console().print(f"left out, since they name no tenant: {named}; look at them, and purge them by id")
    return going


def _whose(each: Filed) -> str | None:
    return tenant_of(each.letter) if each.letter else None


def _ask(going: Sequence[Filed]) -> None:
    if not sys.stdin.isatty():
        raise ConfigurationError("a purge cannot be undone and nobody is there to be asked; say --yes, or --dry-run")
    typer.confirm(f"Delete {counted(len(going))} for good?", abort=True)


async def purge_letters(settings: Settings, going: Sequence[Filed]) -> None:
    """Return once the broker gives these to nobody. Raises BrokerUnavailableError, ConfigurationError."""
    async with (
        opened_sealer(settings) as sealer,
        opened_audit(settings, sealer) as audit,
        connected_admin(settings) as broker,
        consumer(settings) as reader,
        producer(settings) as writer,
    ):
        for event in purged(going):
            await audit.record(event)
        notes = Notes(writer, topic_name(DLQ, settings), SystemClock(), sealer)
        await Purge(reader, writer, broker, notes, await partitions(settings), Bars()).run({each.id for each in going})


def purged(going: Sequence[Filed]) -> list[AuditEvent]:
    """Return what the audit log says of a purge: an event for each tenant, with the ids of its letters."""
    owners = sorted({_owner(each) for each in going})
    ids = {owner: [each.id for each in going if _owner(each) == owner] for owner in owners}
    return [
        act("letters.purged", owner, " ".join(named[:NAMED_LETTERS]), letters=len(named))
        for owner, named in ids.items()
    ]


def _owner(each: Filed) -> str:
    tenant = _whose(each)
    return tenant if tenant is not None and is_tenant_id(tenant) else DEPLOYMENT
