"""What asks an owner to remove what its tenant wants kept no longer: the same for a worker's sweep and a command's.

A conversation goes by a request among its messages, which holds only as long as nobody has written meanwhile; a window
goes by a command.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from signalstream.core.audit import AuditEvent
from signalstream.core.erasure import IF_IDLE
from signalstream.core.policies import Policies
from signalstream.core.retention import Due, Total, is_conversation_due, is_window_due, kept_of
from signalstream.models.conversation import ConversationState
from signalstream.models.erasure import ERASES, EraseConversation
from signalstream.models.windows import WindowCommand, WindowState
from signalstream.streaming.headers import TENANT
from signalstream.streaming.values import encode
from signalstream.tables.windows import parse_row_key


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


def swept(sums: Sequence[Total], actor: str) -> list[AuditEvent]:
    """Return what the audit log says of a sweep: an event for each tenant and class."""
    return [
        AuditEvent("retention.swept", each.tenant, actor, each.of, {"rows": each.rows, "oldest": f"{each.oldest:%F}"})
        for each in sums
    ]
