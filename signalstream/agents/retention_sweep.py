"""The retention sweep: looks for what its tenant wants kept no longer and asks its owner to remove it.

As the window sweep it changes no table itself. Dead letters lie in a log and are left to the command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from signalstream.agents.sweeping import keep_sweeping
from signalstream.core.audit import AuditTrail
from signalstream.core.clock import Clock
from signalstream.core.retention import Total, totals
from signalstream.models.conversation import ConversationState
from signalstream.models.windows import WindowState
from signalstream.streaming.delivery import Outbox
from signalstream.tables.retention import Request, Requests, swept
from signalstream.tables.typed import TypedTable

ROWS_PER_TURN = 200  # of the event loop
MOST_PER_SWEEP = 10_000  # what is left over is found by the next


@dataclass(frozen=True)
class RetentionSweep:
    """Rows that this worker holds → ``support.messages.raw`` and ``support.windows.commands``, by their keys."""

    conversations: TypedTable[ConversationState]
    windows: TypedTable[WindowState]
    requests: Requests
    outbox: Outbox
    audit: AuditTrail
    clock: Clock
    interval_seconds: float

    async def run(self, app: Any) -> None:
        """Sweep until the app stops."""
        await keep_sweeping(app, self.interval_seconds, self.sweep, "retention.sweep_failed")

    async def sweep(self) -> list[Total]:
        """Ask for everything that is due, once the audit log says so. Raises BrokerUnavailableError."""
        found: list[Request] = []
        for number, each in enumerate(self._looked()):
            if number % ROWS_PER_TURN == 0:
                await asyncio.sleep(0)
            if each is not None:
                found.append(each)
            if len(found) >= MOST_PER_SWEEP:
                break
        sums = totals(each.due for each in found)
        for event in swept(sums, "worker"):
            await self.audit.record(event)
        for each in found:
            await self.outbox.send(each.topic, each.key, each.value, each.headers)
        return sums

    def _looked(self) -> Iterator[Request | None]:
        now = self.clock.now()
        for key, state in self.conversations.items():
            yield self.requests.conversation(key, state, now)
        for key, window in self.windows.items():
            yield self.requests.window(key, window, now)
