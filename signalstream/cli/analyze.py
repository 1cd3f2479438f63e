"""``signalstream analyze``: JSON Lines in, JSON Lines out, by the analyst of the settings and without a broker."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TextIO

import typer

from signalstream.ai.choice import choose_analyst
from signalstream.cli.analyze_lines import Analyzer, Write, analyze_lines
from signalstream.cli.bars import Advance, Bars
from signalstream.errors import ConfigurationError
from signalstream.models.agents import AI_AGENTS
from signalstream.settings import Settings, load_settings
from signalstream.tables.rules import rules_of
from signalstream.telemetry import configure_logging

STANDARD = "-"
IN_FLIGHT = 64
NO_TENANT = "default"
_READ_BYTES = 1024 * 1024


def analyze(
    source: Annotated[str, typer.Argument(help="File of JSON Lines, - for standard input.")] = STANDARD,
    *,
    output: Annotated[str, typer.Option("--output", "-o", help="File to write, - for standard output.")] = STANDARD,
    agents: Annotated[str | None, typer.Option(help=f"Some of {', '.join(AI_AGENTS)}, by commas.")] = None,
    analyst: Annotated[str | None, typer.Option(help="Another analyst than SIGNALSTREAM_ANALYST names.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose taxonomy and allowed values count.")] = None,
    taxonomy: Annotated[Path | None, typer.Option(help="JSON file of your own intents with sample sentences.")] = None,
    in_flight: Annotated[int, typer.Option(min=1, max=1024, help="Lines that are analysed at once.")] = IN_FLIGHT,
) -> None:
    """Analyse texts and conversations, one JSON object a line; ends with 1 when a line was bad."""
    chosen = {"analyst": analyst, "default_tenant": tenant, "taxonomy_file": taxonomy}
    settings = load_settings(**{name: value for name, value in chosen.items() if value is not None})
    picked = picked_agents(agents)
    configure_logging(settings)
    try:
        with ExitStack() as opened:
            reader, total = _reader(source, opened)
            write = _writer(source, output, opened)
            step = opened.enter_context(Bars().bar("analysing", total))
            bad = asyncio.run(_run(settings, picked, reader, write, step=step, in_flight=in_flight))
    except BrokenPipeError:  # who reads has seen enough
        _write_nothing_more()
        raise typer.Exit(1) from None
    except OSError as error:
        _write_nothing_more()
        raise ConfigurationError(
            f"cannot write on to {'standard output' if output == STANDARD else output}: {error.strerror or error}; "
            "the last line there may be cut off"
        ) from error
    raise typer.Exit(1 if bad else 0)


def _write_nothing_more() -> None:
    """Let what is still in the buffer of standard output go nowhere, or Python complains at its end."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def picked_agents(agents: str | None) -> tuple[str, ...]:
    """Return the agents that an option names, in their order; all without one. Raises ConfigurationError."""
    if agents is None:
        return AI_AGENTS
    named = [name.strip() for name in agents.split(",") if name.strip()]
    unknown = [name for name in named if name not in AI_AGENTS]
    if unknown or not named:
        raise ConfigurationError(
            f"--agents: no agent {', '.join(unknown) or 'is named'}; known: {', '.join(AI_AGENTS)}"
        )
    return tuple(agent for agent in AI_AGENTS if agent in named)


def _reader(source: str, opened: ExitStack) -> tuple[BinaryIO, int | None]:
    if source == STANDARD:
        if sys.stdin is None:
            raise ConfigurationError("standard input is closed; name a file, or give it something to read")
        # A buffer of our own: at an early end nobody waits for the lock of sys.stdin's.
        return opened.enter_context(open(sys.stdin.fileno(), "rb", closefd=False)), None
    path = Path(source)
    try:
        file = opened.enter_context(path.open("rb"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {source}: {error.strerror or error}") from error
    return file, _count(path) if path.is_file() and sys.stderr.isatty() else None


def _count(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_READ_BYTES), b""))


def _writer(source: str, output: str, opened: ExitStack) -> Write:
    if output == STANDARD:
        if sys.stdout is None:
            raise ConfigurationError("standard output is closed; name a file with --output")
        file: Any = sys.stdout
    else:
        if source != STANDARD and Path(output).exists() and Path(output).samefile(source):
            raise ConfigurationError(f"{output} is also the input; write to another file")
        file = opened.enter_context(_created(Path(output)))

    def write(line: dict[str, Any]) -> None:
        file.write(json.dumps(line) + "\n")
        file.flush()

    return write


def _created(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror or error}") from error


async def _run(
    settings: Settings, agents: Sequence[str], reader: BinaryIO, write: Write, *, step: Advance, in_flight: int
) -> int:
    analyst = choose_analyst(settings)
    await analyst.start()
    try:
        analyzer = Analyzer(analyst, agents, settings.default_tenant or NO_TENANT, rules_of(settings))
        return await analyze_lines(analyzer, reader, write, step, in_flight=in_flight)
    finally:
        await analyst.stop()
