"""``signalstream rebuild``: the tables made again from the topics, as the next version, while this one serves."""

from __future__ import annotations

import asyncio
import math
import shutil
from pathlib import Path
from typing import Annotated

import typer

from signalstream.cli.rebuild_log import Logs, RebuildLog, open_log
from signalstream.cli.rebuild_progress import Progressing, progressing, report
from signalstream.cli.rebuild_rounds import lag, play_round, require_unused
from signalstream.cli.tables import console
from signalstream.core.rebuild import Comparison
from signalstream.encryption import opened_sealer
from signalstream.errors import ConfigurationError
from signalstream.settings import Settings, load_settings
from signalstream.streaming.administration import connected_admin
from signalstream.streaming.drop import dropped_names, remove_version
from signalstream.streaming.groups import versions_in_use
from signalstream.streaming.preflight import ensure
from signalstream.tables.rules import rules_of

NEAR_RECORDS = 200  # so few that the last run, while nobody serves, takes a moment


def rebuild(
    to: Annotated[int | None, typer.Option(min=1, max=999, help="Version to make; the next one by default.")] = None,
    drop: Annotated[int | None, typer.Option(min=1, max=999, help="Remove a version that serves no more.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
) -> None:
    """Make the tables again from the topics, as another version, while the present one serves; compare the two.

    Exits with 1 when pictures differ. An interrupted run goes on where it was.
    """
    settings = load_settings()
    if drop is not None:
        _drop(settings, drop, yes)
        return
    version = to or settings.app_version + 1
    if version == settings.app_version:
        raise ConfigurationError(f"version {version} is the one that serves (SIGNALSTREAM_APP_VERSION); choose another")
    comparison = asyncio.run(_rebuild(settings, settings.model_copy(update={"app_version": version})))
    raise typer.Exit(0 if comparison.agrees else 1)


async def _rebuild(served: Settings, rebuilt: Settings) -> Comparison:
    problems = {**dict.fromkeys((await ensure(served)).problems), **dict.fromkeys((await ensure(rebuilt)).problems)}
    if problems:
        raise ConfigurationError("; ".join(problems))
    async with opened_sealer(served) as sealer, open_log(Logs(served, rebuilt), sealer) as log:
        await require_unused(log)
        with progressing(console()) as progress:
            comparison, behind = await _rounds(log, progress)
        serving = served.app_version in await versions_in_use(log.admin, served)
    report(console(), served, rebuilt, comparison, behind if serving else 0, serving=serving)
    return comparison


async def _rounds(log: RebuildLog, progress: Progressing) -> tuple[Comparison, int]:
    rules = rules_of(log.logs.rebuilt)
    before: float = math.inf
    while True:
        progress.round += 1
        comparison = await play_round(log, rules, progress)
        behind = await lag(log)
        if behind <= NEAR_RECORDS or behind > before / 2:  # no nearer: as many come as a round takes
            return comparison, behind
        before = behind


def _drop(settings: Settings, version: int, yes: bool) -> None:
    if version == settings.app_version:
        raise ConfigurationError(f"version {version} is the one that serves (SIGNALSTREAM_APP_VERSION); it stays")
    gone = settings.model_copy(update={"app_version": version})
    directory = Path(settings.data_dir) / gone.core_id()
    names = [*dropped_names(gone), *([str(directory)] if directory.exists() else [])]
    console().print(f"of version {version}: " + ", ".join(names), markup=False, soft_wrap=True)
    if not yes:
        typer.confirm("Remove them for good?", abort=True)
    asyncio.run(_remove(gone))
    shutil.rmtree(directory, ignore_errors=True)
    console().print(
        f"removed version {version}. Other workers' machines may have a directory {gone.core_id()} in their "
        "SIGNALSTREAM_DATA_DIR: remove it there.",
        markup=False,
        soft_wrap=True,
    )


async def _remove(gone: Settings) -> None:
    async with connected_admin(gone) as admin:
        await remove_version(admin, gone)
