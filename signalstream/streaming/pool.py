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
BUSY_RECORDS, BUSY_SECONDS = 128, 0.3  # so many records within that time is a backlog being worked off
GATHER_SECONDS = 0.4  # how long a record then waits for others of its key
R = TypeVar("R", bound=Record)
Line = tuple[Any, int]


@dataclass
class _Entry(Generic[R]):
    record: R
    done: bool = False
    abandoned: bool = False


@dataclass
class _Queue(Generic[R]):
    broken: bool
    entries: deque[_Entry[R]] = field(default_factory=deque)
    settling: asyncio.Lock = field(default_factory=asyncio.Lock)


class OrderedPool(Generic[R]):
    """Runs work on records, ``limit`` at once, of ``ahead`` that were read and are not worked off (no more by default).

    ``tenant`` says whose a record is; without it all are one's, and go in the order of coming.
    ``ack`` acknowledges a record; ``abandon`` lets one go. When work on a record is abandoned, everything behind it
    in its line is abandoned too: it will be delivered again. ``crash`` is told of the first exception that work or an
    acknowledgement let out; after that nothing is acknowledged.
    """

    def __init__(
        self,
        ack: Callable[[R], Awaitable[object]],
        abandon: Callable[[R], object],
        crash: Callable[[BaseException], Awaitable[object]],
        limit: int,
        *,
        ahead: int | None = None,
        tenant: Callable[[R], Hashable] = lambda _: None,
    ) -> None:
        self._ack = ack
        self._abandon = abandon
        self._crash = crash
        self._crashed = False
        self._arrivals: deque[float] = deque(maxlen=BUSY_RECORDS)
        self._tenant = tenant
        self._room = asyncio.Semaphore(max(limit, ahead or limit))
        self._places = FairSlots(limit)
        self._lines: dict[Line, _Queue[R]] = {}
        self._broken: dict[Any, int] = {}  # the newest broken generation of each partition
        self._tails: dict[Any, asyncio.Task[None]] = {}
        self._waiting: dict[Any, deque[tuple[_Queue[R], _Entry[R]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun: set[asyncio.Task[None]] = set()  # one that is cancelled before it begins would settle nothing

    @property
    def in_flight(self) -> int:
        """Return how many records are in work, or wait for one of their key or for their tenant's turn."""
        return len(self._tasks)

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
        await self._room.acquire()
        self._arrivals.append(asyncio.get_running_loop().time())
        line = (record.message.tp, record.message.generation_id or 0)
        queue = self._lines.setdefault(line, _Queue(broken=line[1] <= self._broken.get(line[0], -1)))
        entry = _Entry(record)
        queue.entries.append(entry)
        before = self._tails.get(record.key) if in_order else None
        if before is not None:
            self._waiting.setdefault(record.key, deque()).append((queue, entry))
        task = asyncio.create_task(self._run(line, queue, entry, before, work=work, together=together))
        if in_order:
            self._tails[record.key] = task
        self._tasks.add(task)
        task.add_done_callback(self._forget(record.key))

    async def drain(self) -> None:
        """Wait until nothing is in work."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def let_go(self) -> None:
        """Cancel what is in work: it ends without an acknowledgement and is delivered again, here or elsewhere."""
        for task in tuple(self._begun):
            if not task.cancelling():  # a second time could break off the settling of the first
                task.cancel()

    def _forget(self, key: object) -> Callable[[asyncio.Task[None]], None]:
        def forget(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._begun.discard(task)
            if self._tails.get(key) is task:
                del self._tails[key]

        return forget

    async def _run(
        self,
        line: Line,
        queue: _Queue[R],
        entry: _Entry[R],
        before: asyncio.Task[None] | None,
        *,
        work: Callable[[R], Awaitable[None]],
        together: Callable[[list[R]], Awaitable[None]] | None,
    ) -> None:
        ours = {task for task in (asyncio.current_task(),) if task is not None}
        self._begun |= ours
        try:
            if before is not None:
                await settled(before)
            elif together is not None:
                await self._gather()
            if not entry.done:
                async with self._places.of(self._tenant(entry.record)):
                    await self._begin(queue, entry, work, together)
        except asyncio.CancelledError:
            self._leave_waiting(entry)
            raise
        finally:  # also when cancelled: those behind wait for this one to be settled
            self._begun -= ours  # let go of now, an acknowledgement would break off half way
            entry.abandoned = not entry.done
            try:
                await self._settle(line, queue)
            finally:
                self._room.release()

    async def _begin(
        self,
        queue: _Queue[R],
        entry: _Entry[R],
        work: Callable[[R], Awaitable[None]],
        together: Callable[[list[R]], Awaitable[None]] | None,
    ) -> None:
        mates = self._take_waiting(entry, everything=together is not None)
        if together is not None and mates:
            await self._work(queue, [entry, *mates], lambda: together([each.record for each in (entry, *mates)]))
        else:
            await self._work(queue, [entry], lambda: work(entry.record))

    async def _gather(self) -> None:
        # When records come this fast there is a backlog, and waiting costs no one: more of this key will arrive.
        if len(self._arrivals) == BUSY_RECORDS and self._arrivals[-1] - self._arrivals[0] < BUSY_SECONDS:
            await asyncio.sleep(GATHER_SECONDS)

    def _take_waiting(self, entry: _Entry[R], everything: bool) -> list[_Entry[R]]:
        """Take an entry off those that wait for its key, and with ``everything`` those behind it that may go along."""
        waiting = self._waiting.get(entry.record.key)
        if waiting is None:
            return []
        if waiting and waiting[0][1] is entry:
            waiting.popleft()
        mates: list[_Entry[R]] = []
        while everything and waiting and not waiting[0][0].broken and len(mates) < MOST_TOGETHER:
            mates.append(waiting.popleft()[1])
        if not waiting:
            del self._waiting[entry.record.key]
        return mates

    def _leave_waiting(self, entry: _Entry[R]) -> None:
        waiting = self._waiting.pop(entry.record.key, ())
        if others := deque(each for each in waiting if each[1] is not entry):
            self._waiting[entry.record.key] = others

    async def _work(self, queue: _Queue[R], entries: list[_Entry[R]], work: Callable[[], Awaitable[None]]) -> None:
        if queue.broken or self._crashed:
            return
        try:
            await work()
            for entry in entries:
                entry.done = True
        except Abandoned:
            return  # not done: its task settles it as abandoned
        except Exception as error:  # noqa: BLE001 - the last line: whatever it is, the record must not be acknowledged
            await self._tell(error)

    async def _settle(self, line: Line, queue: _Queue[R]) -> None:
        async with queue.settling:  # an acknowledgement may wait, and the next must not overtake it
            while queue.entries and (queue.entries[0].done or queue.entries[0].abandoned):
                if queue.entries[0].abandoned or self._crashed or not await self._acknowledged(queue):
                    queue.broken = True
                    self._broken[line[0]] = max(line[1], self._broken.get(line[0], -1))
                    self._abandon_settled(queue)
        if not queue.entries and self._lines.get(line) is queue:
            del self._lines[line]

    async def _acknowledged(self, queue: _Queue[R]) -> bool:
        if queue.broken:
            return False
        try:
            await self._ack(queue.entries[0].record)
        except Exception as error:  # noqa: BLE001 - whether it is acknowledged is unknown, so nothing behind it may be
            await self._tell(error)
            return False
        queue.entries.popleft()
        return True

    def _abandon_settled(self, queue: _Queue[R]) -> None:
        while queue.entries and (queue.entries[0].done or queue.entries[0].abandoned):
            self._abandon(queue.entries.popleft().record)

    async def _tell(self, error: Exception) -> None:
        if not self._crashed:
            self._crashed = True
            await self._crash(error)
