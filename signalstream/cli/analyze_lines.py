"""Lines of JSON through an analyst: many at once, out in the order in which they came, in bounded memory."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, BinaryIO

from signalstream.ai.analyst import Analyst
from signalstream.ai.bulk import analysed, turns_of
from signalstream.cli.bars import Advance
from signalstream.cli.records import BadLineError, lines_of, read_record
from signalstream.errors import ConfigurationError
from signalstream.tables.rules import Rules

Write = Callable[[dict[str, Any]], None]
_LINES_AHEAD = 16


class Analyzer:
    """Turns a line into what is written for it. Raises nothing: a line that cannot be analysed says why."""

    def __init__(self, analyst: Analyst, agents: Sequence[str], tenant_id: str, rules: Rules) -> None:
        self._analyst = analyst
        self._agents = agents
        self._tenant_id = tenant_id
        self._rules = rules

    async def line(self, number: int, line: bytes) -> tuple[dict[str, Any], bool]:
        """Return the object for line ``number`` (from 1), and whether all was well with it."""
        try:
            record = read_record(line)
            turns = turns_of(self._tenant_id, f"line {number}", record.said(), self._rules.find, self._rules.bounds)
            made = await analysed(self._analyst, self._agents, turns)
        except BadLineError as error:
            return {"line": number, "error": str(error)}, False
        except Exception as error:  # noqa: BLE001 - one text must not end the work on all others
            return {"line": number, "error": f"not analysed: {type(error).__name__}: {error}"}, False
        results = {agent: _shown(result) for agent, result in made.results.items()}
        failures = {"line": number, "errors": made.failures} if made.failures else {}
        return {"id": record.id, **results, **failures}, not made.failures


def _shown(result: dict[str, Any] | None) -> dict[str, Any] | None:
    # Ids of messages are made up here: their places in the conversation say which they are.
    if result is None:
        return None
    return {key: _without_ids(value) for key, value in result.items()}


def _without_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_ids(one) for one in value]
    return {key: one for key, one in value.items() if key != "message_id"} if isinstance(value, dict) else value


async def analyze_lines(analyzer: Analyzer, reader: BinaryIO, write: Write, step: Advance, *, in_flight: int) -> int:
    """Analyse every line, ``in_flight`` at once, and write in the order of the input. Return how many were bad.

    Raises ConfigurationError when the input cannot be read on, and what ``write`` raises.
    """
    under_way: asyncio.Queue[asyncio.Task[tuple[dict[str, Any], bool]] | None] = asyncio.Queue(in_flight)
    feeding = asyncio.create_task(_feed(reader, analyzer, under_way))
    bad = 0
    try:
        while (task := await under_way.get()) is not None:
            line, well = await task
            bad += not well
            write(line)
            step(1)
        await feeding
    finally:
        feeding.cancel()
        with suppress(asyncio.CancelledError):
            await feeding
    return bad


async def _feed(reader: BinaryIO, analyzer: Analyzer, under_way: asyncio.Queue[Any]) -> None:
    number = 0
    try:
        async for line in _lines(reader):
            number += 1
            if line.strip():
                await under_way.put(asyncio.create_task(analyzer.line(number, line)))
    except ConfigurationError:
        await under_way.put(None)
        raise
    await under_way.put(None)


async def _lines(reader: BinaryIO) -> AsyncIterator[bytes]:
    """Read in a thread that may be left behind: a terminal gives no line until someone types one."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[bytes | BaseException | None](_LINES_AHEAD)

    def hand_over(line: bytes | BaseException | None) -> None:
        room = lines.put(line)
        try:
            asyncio.run_coroutine_threadsafe(room, loop).result()
        finally:
            room.close()

    def read() -> None:
        with suppress(RuntimeError, CancelledError, ValueError):  # the loop has ended, or the input is closed
            try:
                for line in lines_of(reader):
                    hand_over(line)
            except OSError as error:
                hand_over(error)
            hand_over(None)

    threading.Thread(target=read, name="analyze-input", daemon=True).start()
    while (line := await lines.get()) is not None:
        if isinstance(line, BaseException):
            raise ConfigurationError(f"cannot read on: {line}") from line
        yield line
