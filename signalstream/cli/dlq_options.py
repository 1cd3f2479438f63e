"""The options that the ``dlq`` commands share: list, redrive and purge mean the same letters by the same words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from signalstream.cli.dlq_choice import Choice, moment, ordered
from signalstream.core.clock import SystemClock
from signalstream.errors import ConfigurationError

Ids = Annotated[list[str] | None, typer.Argument(help="Ids of letters, as in 3-17.")]
Reason = Annotated[str | None, typer.Option(help="Only with this reason.")]
Agent = Annotated[str | None, typer.Option("--agent", "--stage", help="Only those that this agent gave up.")]
Tenant = Annotated[str | None, typer.Option(help="Only of this tenant.")]
Since = Annotated[str | None, typer.Option(help="Only since this time, as 2026-01-31T12:00Z, or for this long, as 2h.")]
Until = Annotated[str | None, typer.Option(help="Only before this time, or older than this, as 2h.")]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")]
WHICH = "say which letters: their ids, or --reason, --agent, --tenant, --since, --until, or --all"


def choice_of(
    ids: Sequence[str] | None = None,
    *,
    reason: str | None,
    agent: str | None,
    tenant: str | None,
    since: str | None,
    until: str | None,
) -> Choice:
    """Return which letters the options mean. Raises ConfigurationError for a time that is none."""
    now = SystemClock().now()
    times = {"since": moment("--since", since, now), "until": moment("--until", until, now)}
    return ordered(Choice(ids=tuple(ids or ()), reason=reason, stage=agent, tenant=tenant, **times))


def demand(choice: Choice, everything: bool) -> Choice:
    """Return the choice. Raises ConfigurationError when nothing says which letters are meant, or too much does."""
    if not (choice.is_narrow() or everything):
        raise ConfigurationError(WHICH)
    if choice.ids and everything:
        raise ConfigurationError("--all and ids contradict each other: " + WHICH)
    return choice
