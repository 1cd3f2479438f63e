"""The window sweep: looks for windows whose deadline has passed and asks their owner to close or expire them.

It changes no table itself: a write outside an event would land on a partition of Faust's choosing. A command that
comes twice, or from a worker that has lost the partition meanwhile, does nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from signalstream.agents.sweeping import keep_sweeping
from signalstream.core.clock import Clock
from signalstream.core.deadlines import Deadlines
from signalstream.errors import KeyPendingError, UndecodableError
from signalstream.models.windows import WindowCommand
from signalstream.streaming.delivery import Outbox
from signalstream.streaming.values import encode
from signalstream.tables.windows import WindowTable, due_at, parse_row_key

ROWS_PER_TURN = 200  # of the event loop, while rows are indexed after a recovery
COMMANDS_PER_SWEEP = 1_000
REPEAT = timedelta(seconds=60)  # after which a command that has had no effect is sent again
log = structlog.get_logger()


@dataclass
class WindowSweep:
    """Due rows of the windows table → ``support.windows.commands``, key tenant_id/conversation_id."""

    table: WindowTable
    deadlines: Deadlines
    outbox: Outbox
    commands_topic: str
    interval_seconds: float
    clock: Clock
    _stale: bool = field(default=True, init=False)

    def assignment_changed(self) -> None:
        """Index the rows anew before the next sweep: other partitions may be here now."""
        self._stale = True

    async def run(self, app: Any) -> None:
        """Sweep until the app stops."""
        await keep_sweeping(app, self.interval_seconds, self.sweep, "windows.sweep_failed")

    async def sweep(self) -> int:
        """Send a command for each due window; return how many. Raises BrokerUnavailableError; nothing is forgotten."""
        if self._stale:
            await self._index()
        due = deque(self.deadlines.due(self.clock.now()))
        sent = 0
        try:
            while due and sent < COMMANDS_PER_SWEEP:
                sent += await self._command(due[0])
                due.popleft()
        finally:
            for row_key in due:
                self.deadlines.set(row_key, self.clock.now())
        return sent

    async def _index(self) -> None:
        self._stale = False
        self.deadlines.clear()
        try:
            for number, (key, row) in enumerate(self.table.items(pending=self._look_again)):
                self.table.note(key, row)
                if number % ROWS_PER_TURN == 0:
                    await asyncio.sleep(0)
        except BaseException:  # a rebalance may take a partition away in the middle of it
            self._stale = True
            raise

    def _look_again(self, row_key: bytes) -> None:
        """Take a row that cannot be read yet for due: it is read again then, and noted for when it really is."""
        self.deadlines.set(row_key, self.clock.now())

    async def _command(self, row_key: bytes) -> bool:
        conversation, start = parse_row_key(row_key)
        try:
            row = self.table.get(row_key)
        except KeyPendingError:  # its tenant's alone: the other windows are due all the same
            self.deadlines.set(row_key, self.clock.now() + REPEAT)
            return False
        except UndecodableError as error:
            log.warning("windows.row_unreadable", detail=str(error))
            return False
        if row is None:
            return False
        now = self.clock.now()
        if due_at(row) > now:  # the index was behind
            self.table.note(row_key, row)
            return False
        self.deadlines.set(row_key, now + REPEAT)  # before sending: the row may change before the broker confirms
        command = WindowCommand(command="expire" if row.status == "closed" else "close", start=start)
        await self.outbox.send(self.commands_topic, conversation, encode(command), [])
        return True
