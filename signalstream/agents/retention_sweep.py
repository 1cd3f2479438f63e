"""The retention sweep: looks for what its tenant wants kept no longer and asks its owner to remove it.

As the window sweep it changes no table itself. Conversations go by a request among their messages, which holds only as
long as nobody has written meanwhile; windows go by a command. Dead letters lie in a log and are the command's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import structlog

from signalstream.core.audit import AuditEvent, AuditTrail
from signalstream.core.clock import Clock
from signalstream.core.erasure import IF_IDLE
from signalstream.core.policies import Policies
from signalstream.core.retention import Due, Total, is_conversation_due, is_window_due, kept_of, totals
from signalstream.models.conversation import ConversationState
from signalstream.models.erasure import ERASES, EraseConversation
from signalstream.models.windows import WindowCommand, WindowState
from signalstream.streaming.delivery import TENANT, Outbox
from signalstream.streaming.values import encode
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import parse_row_key

ROWS_PER_TURN = 200  # of the event loop
MOST_PER_SWEEP = 10_000  # what is left over is found by the next
log = structlog.get_logger()


class Request(NamedTuple):
    """A record that asks an owner to remove something, and what that is."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    due: Due


@dataclass(frozen=True)
class Requests:
    """Makes requests. ``raw`` and ``commands`` are the topics that owners read."""

    policies: Policies
    raw: str
    commands: str

    def conversation(self, key: bytes, state: ConversationState, now: datetime) -> Request | None:
        """Return the request to erase a conversation; None for one that stays."""
        kept = kept_of(self.policies.of(state.tenant_id))
        if kept.conversations is None or not is_conversation_due(state, kept, now):
            return None
        value = encode(EraseConversation(idle_since=now - kept.conversations))
        headers = [(TENANT, state.tenant_id.encode()), (ERASES, IF_IDLE)]
        return Request(self.raw, key, value, headers, Due(state.tenant_id, "conversations", state.last_message_at))

    def window(self, row_key: bytes, window: WindowState, now: datetime) -> Request | None:
        """Return the request to expire a window; None for one that stays."""
        kept = kept_of(self.policies.of(window.tenant_id))
        if kept.windows is None or not is_window_due(window, kept, now):
            return None
        key, start = parse_row_key(row_key)
        seconds = int(kept.windows.total_seconds())
        value = encode(WindowCommand(command="expire", start=start, kept_seconds=seconds))
        return Request(self.commands, key, value, [], Due(window.tenant_id, "windows", window.deadline))


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
        while not app.should_stop:
            await app.sleep(self.interval_seconds)
            if not app.is_ready:
                continue
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - a rebalance or a broker in between; the next sweep tries again
                log.warning("retention.sweep_failed", error=type(error).__name__)

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


def swept(sums: list[Total], actor: str) -> list[AuditEvent]:
    """Return what the audit log says of a sweep: an event for each tenant and class."""
    return [
        AuditEvent("retention.swept", each.tenant, actor, each.of, {"rows": each.rows, "oldest": f"{each.oldest:%F}"})
        for each in sums
    ]
