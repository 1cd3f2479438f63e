"""Originals: what was written, sealed beside the redacted message, for the few who may read it.

The seal is bound to the message and its conversation: an original that was moved to another message does not open.
"""

from __future__ import annotations

import base64
import binascii

from signalstream.core.keys import ConversationKey
from signalstream.core.sealing import Sealer, is_sealed
from signalstream.core.tagged import values_of
from signalstream.errors import RedactionError, SealedError
from signalstream.models.base import Model
from signalstream.models.conversation import KnownValues
from signalstream.models.messages import Message, Metadata, OriginalMessage

UNSEALABLE = (
    "The tenant's policy is to keep originals sealed (redacted_and_sealed_original), and this deployment does not "
    "encrypt what it keeps. Nothing was kept: turn encryption on, or change the policy to redacted_only."
)


class _Written(Model):
    text: str
    metadata: Metadata


def sealed_original(sealer: Sealer, message: Message) -> str:
    """Return what was written, sealed. Raises RedactionError where values are not encrypted."""
    value = _Written(text=message.text, metadata=message.metadata).model_dump_json().encode()
    sealed = sealer.seal(_place(message), _key(message), value)
    if not is_sealed(sealed):
        raise RedactionError(UNSEALABLE, "originals-not-sealed")
    return base64.b64encode(sealed).decode()


def opened_original(sealer: Sealer, message: Message, known: KnownValues) -> OriginalMessage | None:
    """Return what was written of a message as the raw topic has it; None when it has no original.

    ``known`` are the numbers of its conversation's placeholders. Raises SealedError, KeyPendingError,
    KeyDestroyedError.
    """
    if message.original is None:
        return None
    try:
        sealed = base64.b64decode(message.original, validate=True)
    except binascii.Error as error:
        raise SealedError("the original of a message is not sealed as it should be") from error
    written = _Written.model_validate_json(sealer.open(_place(message), _key(message), sealed))
    return OriginalMessage(
        message_id=message.message_id,
        conversation_id=message.conversation_id,
        message=written.text,
        metadata=written.metadata,
        values=values_of(message, known, written.text),
    )


def _place(message: Message) -> str:
    return f"original/{message.message_id}"


def _key(message: Message) -> bytes:
    return ConversationKey(message.tenant_id, message.conversation_id).encode()
