"""The ordered pool: many records in work at once, in order for each key, acknowledged in order for each partition.

Faust's own ``concurrency=N`` shares one queue (no order for a key) and commits past a record that is still in work
(faust-streaming #606). Here one actor submits; tasks of a key form a chain; each partition of a generation has a
first-in-first-out line, and only its finished head is acknowledged.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar


class Abandoned(Exception):  # noqa: N818 - a verdict on a record, not an error
    """Raised by work that must end without an acknowledgement, because its partition has gone or the worker stops."""


class Record(Protocol):
    """What the pool needs of an event: its key and its message's partition and generation."""

    key: Any
    message: Any


R = TypeVar("R", bound=Record)
Line = tuple[Any, int | None]


@dataclass
class _Entry(Generic[R]):
    record: R
    done: bool = False
    abandoned: bool = False


@dataclass
class _Queue(Generic[R]):
    entries: deque[_Entry[R]] = field(default_factory=deque)
    broken: bool = False


class OrderedPool(Generic[R]):
    """Runs work on records, ``limit`` at once.

    ``ack`` acknowledges a record; ``abandon`` lets one go. When work on a record is abandoned, everything behind it
    in its line is abandoned too: it will be delivered again. ``crash`` is told of an exception that work let out.
    """

    def __init__(
        self,
        ack: Callable[[R], Awaitable[object]],
        abandon: Callable[[R], object],
        crash: Callable[[BaseException], Awaitable[object]],
        limit: int,
    ) -> None:
        self._ack = ack
        self._abandon = abandon
        self._crash = crash
        self._slots = asyncio.Semaphore(limit)
        self._lines: dict[Line, _Queue[R]] = {}
        self._tails: dict[Any, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def in_flight(self) -> int:
        """Return how many records are in work or wait for one of their key."""
        return len(self._tasks)

    async def submit(self, record: R, work: Callable[[R], Awaitable[None]]) -> None:
        """Start work on a record once a slot is free; the order of calls is the order of each key and line."""
        await self._slots.acquire()
        line = (record.message.tp, record.message.generation_id)
        entry = _Entry(record)
        self._lines.setdefault(line, _Queue()).entries.append(entry)
        task = asyncio.create_task(self._run(line, entry, work, self._tails.get(record.key)))
        self._tails[record.key] = task
        self._tasks.add(task)
        task.add_done_callback(self._forget(record.key))

    async def drain(self) -> None:
        """Wait until nothing is in work."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _forget(self, key: object) -> Callable[[asyncio.Task[None]], None]:
        def forget(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if self._tails.get(key) is task:
                del self._tails[key]

        return forget

    async def _run(
        self,
        line: Line,
        entry: _Entry[R],
        work: Callable[[R], Awaitable[None]],
        before: asyncio.Task[None] | None,
    ) -> None:
        try:
            if before is not None:
                await asyncio.wait([before])
            await self._work(line, entry, work)
            await self._settle(line)
        finally:
            self._slots.release()

    async def _work(self, line: Line, entry: _Entry[R], work: Callable[[R], Awaitable[None]]) -> None:
        if self._lines[line].broken:
            entry.abandoned = True
            return
        try:
            await work(entry.record)
            entry.done = True
        except Abandoned:
            entry.abandoned = True
        except asyncio.CancelledError:
            entry.abandoned = True
            raise
        except Exception as error:  # noqa: BLE001 - the last line: whatever it is, the record must not be acknowledged
            entry.abandoned = True
            await self._crash(error)

    async def _settle(self, line: Line) -> None:
        queue = self._lines.get(line)
        if queue is None:  # a neighbour settled the whole line meanwhile
            return
        while queue.entries and (queue.entries[0].done or queue.entries[0].abandoned):
            entry = queue.entries.popleft()
            queue.broken = queue.broken or entry.abandoned
            if queue.broken:
                self._abandon(entry.record)
            else:
                await self._ack(entry.record)
        if not queue.entries and not queue.broken:
            self._lines.pop(line, None)
