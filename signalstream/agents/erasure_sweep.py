"""The erasure sweep: looks for marks of erasures that nothing needs any more and asks their owner to forget them.

As the window sweep it changes no table itself. Marks live for weeks, so it looks at all of them, and seldom.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from signalstream.agents.sweeping import keep_sweeping
from signalstream.core.clock import Clock
from signalstream.models.erasure import ErasureCommand, ErasureMark
from signalstream.streaming.delivery import Outbox
from signalstream.streaming.values import encode
from signalstream.tables.typed import TypedTable

INTERVAL_SECONDS = 3_600.0
ROWS_PER_TURN = 200  # of the event loop


@dataclass(frozen=True)
class ErasureSweep:
    """Due rows of the erasures table → ``support.conversations.commands``, key tenant_id/conversation_id."""

    marks: TypedTable[ErasureMark]
    outbox: Outbox
    erasures_topic: str
    clock: Clock

    async def run(self, app: Any) -> None:
        """Sweep until the app stops."""
        await keep_sweeping(app, INTERVAL_SECONDS, self.sweep, "erasures.sweep_failed")

    async def sweep(self) -> int:
        """Send a command for each due mark; return how many. Raises BrokerUnavailableError."""
        sent, now = 0, self.clock.now()
        for number, (key, mark) in enumerate(self.marks.items()):
            if number % ROWS_PER_TURN == 0:
                await asyncio.sleep(0)
            if now >= mark.forget_at:
                command = ErasureCommand(command="forget", generation=mark.generation)
                await self.outbox.send(self.erasures_topic, key, encode(command), [])
                sent += 1
        return sent
