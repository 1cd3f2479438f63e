"""The ordered pool: many records in work at once, in order for each key, acknowledged in order for each partition.

Faust's own ``concurrency=N`` shares one queue (no order for a key) and commits past a record that is still in work
(faust-streaming #606). Here one actor submits; tasks of a key form a chain; each partition of a generation has a
first-in-first-out line, and only its finished head is acknowledged.

Of the records that were read, tenants take turns (core/fair_order.py). A partition's log holds all tenants' records in
the order of coming, so how far is read ahead of the work bounds what that order can do. The law, for a record that was
read and whose key is free: before its work begins, at most one record of each other waiting tenant begins for each of
its own tenant's that came before it, besides those that were in work already.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from signalstream.streaming.fair_slots import FairSlots
from signalstream.streaming.stepping import settled


class Abandoned(Exception):  # noqa: N818 - a verdict on a record, not an error
    """Raised by work that must end without an acknowledgement, because its partition has gone or the worker stops."""


class Record(Protocol):
    """What the pool needs of an event: its key and its message's partition and generation."""

    key: Any
    message: Any


MOST_TOGETHER = 64  # records of one key in a batch, besides the first
BUSY_RECORDS, BUSY_SECONDS = 128, 0.15  # a backlog comes faster than that; 100 messages a second do not
GATHER_SECONDS = 0.25  # how long a record then waits for others of its key, unless there are enough sooner
COMPANY_SECONDS = 0.02  # the same without a backlog: the analyses of a message come within that, one after another
R = TypeVar("R", bound=Record)
Line = tuple[Any, int]


@dataclass(slots=True, eq=False)
class _Entry(Generic[R]):
    record: R
    queue: _Queue[R]
    task: asyncio.Task[None] | None = None
    begun: bool = False  # and not settled: one that is cancelled before it begins would settle nothing
    done: bool = False
    abandoned: bool = False


@dataclass(slots=True, eq=False)
class _Queue(Generic[R]):
    line: Line
    broken: bool
    entries: deque[_Entry[R]] = field(default_factory=deque)


class OrderedPool(Generic[R]):
    """Runs work on records, ``limit`` at once, of ``ahead`` that were read and are not worked off (no more by default).

    ``tenant`` says whose a record is; without it all are one's, and go in the order of coming.
    ``ack`` acknowledges a record at once, so that none overtakes another; ``abandon`` lets one go. When work on a
    record is abandoned, everything behind it in its line is abandoned too: it will be delivered again. ``crash`` is
    told of the first exception that work or an acknowledgement let out; after that nothing is acknowledged.
    The first record of a key waits for ``enough`` of them, so that they are worked on together: a moment without a
    backlog, longer in one.

    One task a record and little else: eleven records of a message come by here. A coroutine that is run up to where it
    first waits, and becomes a task only then, would see the reader's task as its own: a timeout would cancel that one.
    """

    def __init__(
        self,
        ack: Callable[[R], object],
        abandon: Callable[[R], object],
        crash: Callable[[BaseException], Awaitable[object]],
        limit: int,
        *,
        ahead: int | None = None,
        enough: int = MOST_TOGETHER,
        tenant: Callable[[R], Hashable] = lambda _: None,
    ) -> None:
        self._ack = ack
        self._abandon = abandon
        self._crash = crash
        self._crashed = False
        self._arrivals: deque[float] = deque(maxlen=BUSY_RECORDS)
        self._tenant = tenant
        self._enough = enough
        self._gathering: dict[Any, asyncio.Future[None]] = {}
        self._room = FairSlots(max(limit, ahead or limit))
        self._places = FairSlots(limit)
        self._lines: dict[Line, _Queue[R]] = {}
        self._broken: dict[Any, int] = {}  # the newest broken generation of each partition
        self._tails: dict[Any, asyncio.Task[None]] = {}
        self._waiting: dict[Any, deque[_Entry[R]]] = {}
        self._entries: set[_Entry[R]] = set()

    @property
    def in_flight(self) -> int:
        """Return how many records are in work, or wait for one of their key or for their tenant's turn."""
        return len(self._entries)

    async def submit(
        self,
        record: R,
        work: Callable[[R], Awaitable[None]],
        together: Callable[[list[R]], Awaitable[None]] | None = None,
        *,
        in_order: bool = True,
    ) -> None:
        """Take a record in once there is room; the order of calls is the order of each key and line.

        With ``together``, records that wait for one of their key are worked on as one batch, in order, when it ends.
        Not ``in_order``, work does not wait for that on earlier records of the key; acknowledgements keep their order.
        """
        await self._room.take(None)
        loop = asyncio.get_running_loop()
        if together is not None:
            self._arrivals.append(loop.time())
        entry = _Entry(record, self._queue_of(record.message))
        entry.queue.entries.append(entry)
        before = self._tails.get(record.key) if in_order else None
        if before is not None:
            waiting = self._waiting.setdefault(record.key, deque())
            waiting.append(entry)
            if len(waiting) + 1 >= self._enough:
                self._end_gathering(record.key)
        entry.task = loop.create_task(self._run(entry, before, work, together))
        if in_order:
            self._tails[record.key] = entry.task
        self._entries.add(entry)

    def _queue_of(self, message: Any) -> _Queue[R]:
        line = (message.tp, message.generation_id or 0)
        queue = self._lines.get(line)
        if queue is None:
            queue = self._lines[line] = _Queue(line, broken=line[1] <= self._broken.get(line[0], -1))
        return queue

    async def drain(self) -> None:
        """Wait until nothing is in work."""
        while tasks := {each.task for each in self._entries if each.task is not None and not each.task.done()}:
            await asyncio.wait(tasks)

    def let_go(self) -> None:
        """Cancel what is in work: it ends without an acknowledgement and is delivered again, here or elsewhere."""
        for entry in self._entries:
            if entry.begun and entry.task is not None and not entry.task.cancelling():  # once is enough
                entry.task.cancel()

    async def _run(
        self,
        entry: _Entry[R],
        before: asyncio.Task[None] | None,
        work: Callable[[R], Awaitable[None]],
        together: Callable[[list[R]], Awaitable[None]] | None,
    ) -> None:
        entry.begun = True
        try:
            if before is not None:
                await settled(before)
            if not entry.done:
                if together is not None:
                    await self._gather(entry)
                await self._in_place(entry, work, together)
        except asyncio.CancelledError:
            self._leave_waiting(entry)
            raise
        finally:  # also when cancelled: those behind wait for this one to be settled
            entry.begun = False  # let go of now, the telling of a crash would break off half way
            entry.abandoned = not entry.done
            try:
                if failure := self._settle(entry.queue):
                    await self._crash(failure)
            finally:
                self._forget(entry)

    async def _gather(self, entry: _Entry[R]) -> None:
        """Wait until enough records of the entry's key have come, or for the longest time.

        Merged one by one, the last analysis of a message waited until the picture without it was confirmed and told.
        """
        key = entry.record.key
        self._take_waiting(entry, everything=False)
        if len(self._waiting.get(key, ())) + 1 >= self._enough:
            return
        loop = asyncio.get_running_loop()
        enough = loop.create_future()
        self._gathering[key] = enough
        seconds = GATHER_SECONDS if self._is_busy() else COMPANY_SECONDS
        timer = loop.call_later(seconds, self._end_gathering, key)
        try:
            await enough
        finally:
            timer.cancel()
            self._gathering.pop(key, None)

    def _end_gathering(self, key: Any) -> None:
        enough = self._gathering.get(key)
        if enough is not None and not enough.done():
            enough.set_result(None)

    def _forget(self, entry: _Entry[R]) -> None:
        self._entries.discard(entry)
        if self._tails.get(entry.record.key) is entry.task:
            del self._tails[entry.record.key]
        entry.task = None  # it holds this entry
        self._room.give_back()

    async def _in_place(
        self,
        entry: _Entry[R],
        work: Callable[[R], Awaitable[None]],
        together: Callable[[list[R]], Awaitable[None]] | None,
    ) -> None:
        await self._places.take(self._tenant(entry.record))
        try:
            mates = self._take_waiting(entry, everything=together is not None) if self._waiting else ()
            if self._crashed or entry.queue.broken:
                return
            if together is not None and mates:
                await together([each.record for each in (entry, *mates)])
            else:
                await work(entry.record)
            for each in (entry, *mates):
                each.done = True
        except Abandoned:
            return  # not done: its task settles it as abandoned
        except Exception as error:  # noqa: BLE001 - the last line: whatever it is, the record must not be acknowledged
            if self._is_first():
                await self._crash(error)
        finally:
            self._places.give_back()

    def _is_busy(self) -> bool:
        # When records come this fast there is a backlog, and waiting costs no one: more of this key will arrive.
        return len(self._arrivals) == BUSY_RECORDS and self._arrivals[-1] - self._arrivals[0] < BUSY_SECONDS

    def _take_waiting(self, entry: _Entry[R], everything: bool) -> list[_Entry[R]]:
        """Take an entry off those that wait for its key, and with ``everything`` those behind it that may go along."""
        waiting = self._waiting.get(entry.record.key)
        if waiting is None:
            return []
        if waiting and waiting[0] is entry:
            waiting.popleft()
        mates: list[_Entry[R]] = []
        while everything and waiting and not waiting[0].queue.broken and len(mates) < MOST_TOGETHER:
            mates.append(waiting.popleft())
        if not waiting:
            del self._waiting[entry.record.key]
        return mates

    def _leave_waiting(self, entry: _Entry[R]) -> None:
        waiting = self._waiting.pop(entry.record.key, ())
        if others := deque(each for each in waiting if each is not entry):
            self._waiting[entry.record.key] = others

    def _settle(self, queue: _Queue[R]) -> Exception | None:
        """Acknowledge what is finished at the head of a line; return the failure that the app has yet to be told of."""
        failure: Exception | None = None
        entries = queue.entries
        while entries and (entries[0].done or entries[0].abandoned):
            if not (entries[0].abandoned or self._crashed or queue.broken):
                try:
                    self._ack(entries[0].record)
                    entries.popleft()
                    continue
                except Exception as error:  # noqa: BLE001 - unknown whether it is acknowledged: nothing behind it may be
                    failure = error if self._is_first() else failure
            queue.broken = True
            self._broken[queue.line[0]] = max(queue.line[1], self._broken.get(queue.line[0], -1))
            self._abandon(entries.popleft().record)
        if not entries and self._lines.get(queue.line) is queue:
            del self._lines[queue.line]
        return failure

    def _is_first(self) -> bool:
        """Note a crash; say whether it is the first, which the app is told of."""
        first, self._crashed = not self._crashed, True
        return first
