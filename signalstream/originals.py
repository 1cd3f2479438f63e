"""Originals, read: the row says where the raw topic has a message, the trail is told who reads it, and it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from signalstream.core.audit import AuditEvent, AuditTrail
from signalstream.core.keys import ConversationKey
from signalstream.core.sealing import Sealer
from signalstream.errors import SealedError, UndecodableError
from signalstream.models.conversation import KnownValues
from signalstream.models.messages import Message, OriginalMessage
from signalstream.security.originals import opened_original
from signalstream.streaming.values import read


class Places(Protocol):
    """Knows where originals lie."""

    def original(self, key: ConversationKey, message_id: UUID) -> tuple[int, KnownValues] | None:
        """Return the offset of a message's record and the numbers of its conversation; None for one without."""
        ...


class Records(Protocol):
    """Reads records by their place."""

    async def read(self, key: bytes, offset: int) -> Any | None:
        """Return the record; None when it is not there any more. Raises BrokerUnavailableError."""
        ...


@dataclass(frozen=True)
class SealedOriginals:
    """Gives out what was written, once the trail knows."""

    places: Places
    records: Records
    sealer: Sealer
    trail: AuditTrail

    async def read(self, key: ConversationKey, message_id: UUID, actor: str) -> OriginalMessage | None:
        """Return a message as it was written; None when it is not kept, or no longer.

        Raises BrokerUnavailableError when the broker or the trail does not answer: then nothing was given out.
        """
        found = self.places.original(key, message_id)
        if found is None:
            return None
        offset, known = found
        record = await self.records.read(key.encode(), offset)
        original = None if record is None else self._opened(record, key, message_id, known)
        if original is None:
            return None
        detail = {"message_id": str(message_id)}
        await self.trail.record(AuditEvent("original.read", key.tenant_id, actor, key.conversation_id, detail))
        return original

    def _opened(
        self, record: Any, key: ConversationKey, message_id: UUID, known: KnownValues
    ) -> OriginalMessage | None:
        try:
            message = read(self.sealer, Message, record)
        except SealedError:
            raise
        except UndecodableError:  # a topic that was made anew has another record there
            return None
        is_it = message.message_id == message_id
        if not is_it or (message.tenant_id, message.conversation_id) != (key.tenant_id, key.conversation_id):
            return None  # another tenant may have given its message the same id
        return opened_original(self.sealer, message, known)
