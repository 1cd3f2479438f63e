"""The window sweep: looks for windows whose deadline has passed and asks their owner to close or expire them.

It changes no table itself: a write outside an event would land on a partition of Faust's choosing. A command that
comes twice, or from a worker that has lost the partition meanwhile, does nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import structlog

from signalstream.core.clock import Clock
from signalstream.core.deadlines import Deadlines
from signalstream.errors import BrokerUnavailableError, SignalStreamError
from signalstream.models.windows import WindowCommand
from signalstream.streaming.delivery import Outbox
from signalstream.streaming.values import encode
from signalstream.tables.windows import WindowTable, parse_row_key

ROWS_PER_TURN = 200  # of the event loop, while rows are indexed after a recovery
COMMANDS_PER_SWEEP = 1_000
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
        while not app.should_stop:
            await asyncio.sleep(self.interval_seconds)
            if not app.is_ready:
                continue
            try:
                await self.sweep()
            except SignalStreamError as error:
                log.warning("windows.sweep_failed", detail=str(error))

    async def sweep(self) -> int:
        """Send a command for each due window; return how many."""
        if self._stale:
            await self._index()
        due = self.deadlines.due(self.clock.now())
        for number, row_key in enumerate(due):
            if number >= COMMANDS_PER_SWEEP:
                self._put_back(due[number:])
                return number
            await self._command(row_key)
        return len(due)

    async def _index(self) -> None:
        self._stale = False
        self.deadlines.clear()
        for number, (key, row) in enumerate(self.table.items()):
            self.table.note(key, row)
            if number % ROWS_PER_TURN == 0:
                await asyncio.sleep(0)

    async def _command(self, row_key: bytes) -> None:
        conversation, start = parse_row_key(row_key)
        row = self.table.get(row_key)
        if row is None:
            return
        command = WindowCommand(command="expire" if row.status == "closed" else "close", start=start)
        try:
            await self.outbox.send(self.commands_topic, conversation, encode(command), [])
        except BrokerUnavailableError:
            self._put_back([row_key])
            raise

    def _put_back(self, row_keys: list[bytes]) -> None:
        for row_key in row_keys:
            self.deadlines.set(row_key, self.clock.now())
