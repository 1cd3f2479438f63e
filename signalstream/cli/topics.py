"""``signalstream topics``: the table of topics, and what the broker has of it."""

from __future__ import annotations

import asyncio

import typer
from rich.table import Table

from signalstream.cli.tables import console, table
from signalstream.errors import ConfigurationError
from signalstream.settings import Settings, load_settings
from signalstream.streaming.preflight import Report, TopicRow, ensure, inspect
from signalstream.topics import all_topics

DAY_MS = 86_400_000

topics = typer.Typer(help="The topics: which exist, which are missing or differ.", no_args_is_help=True)


@topics.command("list")
def list_topics() -> None:
    """Print every topic that this configuration uses; asks no broker."""
    console().print(wanted(load_settings()))


@topics.command()
def check() -> None:
    """Compare the broker's topics with the table; exits with 2 when one is missing or differs."""
    report = asyncio.run(inspect(load_settings()))
    console().print(found(report))
    refuse(report)


@topics.command()
def create() -> None:
    """Create the topics that are missing; exits with 2 when one that exists differs."""
    report = asyncio.run(ensure(load_settings()))
    console().print(found(report))
    refuse(report)
    names = ", ".join(report.created)
    console().print(f"created: {names}" if names else "nothing to create: every topic is there")


def retention(milliseconds: str | int | None) -> str:
    """Return a retention as days, hours or milliseconds, ``forever`` for -1, a dash for none."""
    if milliseconds in (None, ""):
        return "-"
    amount = int(milliseconds or 0)
    if amount < 0:
        return "forever"
    for unit, size in (("d", DAY_MS), ("h", 3_600_000)):
        if amount >= size and amount % size == 0:
            return f"{amount // size} {unit}"
    return f"{amount} ms"


def wanted(settings: Settings) -> Table:
    """Return the table of topics as the configuration wants them."""
    columns = ("topic", "key", "holds", "partitions", "cleanup", "retention", "written by", "read by")
    rows = [
        (spec.name, spec.key, spec.model, settings.partitions, spec.cleanup_policy, retention(spec.retention_ms),
         ", ".join(spec.writers), ", ".join(spec.readers))
        for spec in all_topics(settings)
    ]  # fmt: skip
    return table(columns, rows)


def found(report: Report) -> Table:
    """Return the table of topics as wanted and as the broker has them."""
    return table(("topic", "partitions", "cleanup", "retention", "state"), [_compared(row) for row in report.rows])


def _compared(row: TopicRow) -> tuple[str, str, str, str, str]:
    have, want = row.config_found, row.config_wanted
    missing = row.partitions_found is None
    return (
        row.name,
        _both(str(row.partitions_wanted), None if missing else str(row.partitions_found)),
        _both(want["cleanup.policy"], have.get("cleanup.policy")),
        _both(retention(want.get("retention.ms")), retention(have.get("retention.ms"))),
        row.state,
    )


def _both(wanted: str, found: str | None) -> str:
    return wanted if found in (None, "-", wanted) or wanted == "-" else f"{found} (wanted {wanted})"


def refuse(report: Report) -> None:
    """Raise ConfigurationError, in one line, when a topic is missing or differs; the table has the details."""
    missing = [row.name for row in report.rows if row.state == "missing"]
    if missing:
        raise ConfigurationError(
            f"{len(missing)} of {len(report.rows)} topics are missing; run `signalstream topics create`"
        )
    if report.problems:
        raise ConfigurationError("; ".join(report.problems))
