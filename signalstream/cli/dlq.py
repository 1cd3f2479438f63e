"""``signalstream dlq``: what could not be processed. Look at it, mend the cause, send it back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated

import typer

from signalstream.cli.dead_letters import Filed, Redrive, details, line, redrive_of, select
from signalstream.cli.dlq_log import read_all, send_back
from signalstream.cli.tables import console, table
from signalstream.errors import ConfigurationError
from signalstream.settings import Settings, load_settings
from signalstream.topics import all_topics

COLUMNS = ("id", "failed at", "reason", "stage", "origin", "conversation", "detail")

dlq = typer.Typer(help="Dead letters: list, show, send back.", no_args_is_help=True)


@dlq.command("list")
def list_letters(
    reason: Annotated[str | None, typer.Option(help="Only with this reason.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only those that this stage gave up.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the dead letters, oldest first in each partition. Their bytes are not shown."""
    letters = select(asyncio.run(read_all(load_settings())), (), reason, stage)
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
    (letter,) = select(asyncio.run(read_all(load_settings())), [letter_id])
    typer.echo(json.dumps(details(letter, with_value=value), indent=2, ensure_ascii=False))


@dlq.command()
def redrive(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of letters, as in 3-17.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them; --reason and --stage narrow it.")] = False,
    reason: Annotated[str | None, typer.Option(help="Only with this reason.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only those that this stage gave up.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, send nothing.")] = False,
) -> None:
    """Send dead letters' original bytes back to the topics they came from; the letters stay in the log."""
    if bool(ids) == everything:
        raise ConfigurationError("say which letters: their ids, or --all (with --reason or --stage to narrow it)")
    settings = load_settings()
    sent = asyncio.run(_redrive(settings, ids or (), reason, stage, dry_run))
    counted = f"{len(sent)} dead letter{'' if len(sent) == 1 else 's'}"
    if dry_run:
        console().print(f"would send back {counted}; nothing was sent")
    else:
        console().print(f"sent back {counted}. They stay listed: the topic is a log, kept for its retention.")


async def _redrive(
    settings: Settings, ids: Sequence[str], reason: str | None, stage: str | None, dry_run: bool
) -> list[Redrive]:
    letters: list[Filed] = select(await read_all(settings), ids, reason, stage)
    known = {spec.name for spec in all_topics(settings)}
    readable = [each for each in letters if each.letter or ids]
    if len(readable) < len(letters):
        console().print(f"left out: {len(letters) - len(readable)} unreadable")
    # Every letter is checked before the first one is sent.
    records = [redrive_of(each, known) for each in readable]
    if not dry_run:
        async for record in send_back(settings, records):
            _say(record, "sent to")
    else:
        for record in records:
            _say(record, "would go to")
    return records


def _say(record: Redrive, verb: str) -> None:
    console().print(f"{record.id} {verb} {record.topic}", markup=False)
