"""``signalstream evaluate``: how good an analyst is, on labelled files of one directory."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from signalstream.ai.choice import choose_analyst
from signalstream.ai.evaluation.published import published_sets
from signalstream.ai.evaluation.run import Bench, tenant_of, texts_of
from signalstream.ai.evaluation.sets import TASKS, LabelledSet, own_sets
from signalstream.cli.bars import Bars
from signalstream.cli.tables import console, table
from signalstream.errors import AnalystError, ConfigurationError
from signalstream.settings import Settings, load_settings
from signalstream.tables.rules import rules_of
from signalstream.telemetry import configure_logging

SPEED = "speed"
SPEED_TEXTS = 1_000
SHOWN = {
    "sentiment": ("macro_f1", "macro_recall"),
    "intent": ("accuracy", "oos_auroc"),
    "pii": ("characters_masked", "entities_masked", "masked/name", "clean_flagged"),
    "summary": ("rouge1", "words"),
    "requests": ("f1", "precision", "recall"),
    "language": ("accuracy", "undetermined"),
    SPEED: ("messages_per_cpu_second", "messages_per_second", "memory_mb"),
}
"""What the table shows; --json has every figure."""


@dataclass(frozen=True)
class Measured:
    """The figures of a set."""

    task: str
    name: str
    records: int
    figures: dict[str, float]
    note: str = ""


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Directory of labelled files; docs/QUALITY.md has the formats.")],
    *,
    tasks: Annotated[str | None, typer.Option(help=f"Some of {', '.join((*TASKS, SPEED))}, by commas.")] = None,
    analyst: Annotated[str | None, typer.Option(help="Another analyst than SIGNALSTREAM_ANALYST names.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Records of each set, spread over it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON.")] = False,
) -> None:
    """Measure an analyst on labelled files."""
    wanted = picked_tasks(tasks)
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is no directory")
    sets = [each.some(limit) for each in (*own_sets(folder, wanted), *published_sets(folder, wanted))]
    asked = ", ".join(wanted)
    if SPEED in wanted and not sets:
        sets = [each.some(limit) for each in (*own_sets(folder, TASKS), *published_sets(folder, TASKS))]
        wanted = (SPEED,)
    if not sets:
        raise ConfigurationError(f"{folder} holds no labelled files for {asked}; see docs/QUALITY.md")
    with tempfile.TemporaryDirectory() as scratch:
        plain = _settings(analyst, (), Path(scratch))
        settings = _settings(analyst, sets if "intent" in wanted else (), Path(scratch))
        configure_logging(settings)
        try:
            speed = asyncio.run(_speed(plain, sets)) if SPEED in wanted else []  # first, before sets fill the memory
            measured = [*asyncio.run(_measured(settings, sets, wanted)), *speed]
        except AnalystError as error:
            raise ConfigurationError(str(error)) from error
    _print(measured, as_json=as_json)


def picked_tasks(tasks: str | None) -> tuple[str, ...]:
    """Return the tasks that an option names, in their order; all without one. Raises ConfigurationError."""
    known = (*TASKS, SPEED)
    named = known if tasks is None else tuple(name.strip() for name in tasks.split(",") if name.strip())
    unknown = [name for name in named if name not in known]
    if unknown or not named:
        raise ConfigurationError(f"--tasks: no task {', '.join(unknown) or 'is named'}; known: {', '.join(known)}")
    return tuple(task for task in known if task in named)


def _settings(analyst: str | None, sets: Sequence[LabelledSet], scratch: Path) -> Settings:
    """Return the settings; sets that bring labels of their own are tenants with these labels."""
    chosen: dict[str, object] = {} if analyst is None else {"analyst": analyst}
    labels = {tenant_of(each): each.samples for each in sets if each.samples}
    if labels:
        path = scratch / "taxonomy.json"
        path.write_text(json.dumps(labels), encoding="utf-8")
        chosen["taxonomy_file"] = path
    return load_settings(**chosen)


async def _measured(settings: Settings, sets: Sequence[LabelledSet], wanted: Sequence[str]) -> list[Measured]:
    chosen = [each for each in sets if each.task in wanted]
    if not chosen:
        return []
    analyst, rules = choose_analyst(settings), rules_of(settings)
    await analyst.start()
    bench = Bench(analyst, rules.find, rules.bounds)
    measured = []
    try:
        with Bars().bar("measuring", sum(len(each.records) for each in chosen)) as step:
            for each in chosen:
                figures = await bench.figures(each)
                measured.append(Measured(each.task, each.name, len(each.records), figures, each.note))
                step(len(each.records))
    finally:
        await analyst.stop()
    return measured


async def _speed(settings: Settings, sets: Sequence[LabelledSet]) -> list[Measured]:
    english = [each for each in sets if each.task not in {"language", "summary"}] or sets
    texts = list(dict.fromkeys(text for each in english for text in texts_of(each.some(SPEED_TEXTS))))
    most = min(SPEED_TEXTS, len(texts))
    chosen = [texts[place * len(texts) // most] for place in range(most)]
    analyst, rules = choose_analyst(settings), rules_of(settings)
    await analyst.start()
    try:
        figures = await Bench(analyst, rules.find, rules.bounds).speed(chosen)
    finally:
        await analyst.stop()
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform != "darwin" else 1024)
    return [Measured(SPEED, "whole chain", len(chosen), {**figures, "memory_mb": largest / 1024})]


def _print(measured: Sequence[Measured], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps([vars(each) for each in measured], indent=2) + "\n")
        return
    rows = [
        (each.task, each.name, each.records, name, _figure(each.figures[name]), each.note)
        for each in measured
        for name in SHOWN[each.task]
        if name in each.figures
    ]
    console().print(table(("task", "set", "records", "measure", "value", "note"), rows))


def _figure(value: float) -> str:
    return f"{value:.4f}" if value < 2 else f"{value:.1f}"
