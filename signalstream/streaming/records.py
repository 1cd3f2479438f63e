"""A record of a topic, opened, then read and checked: its key names the conversation that its value is of."""

from __future__ import annotations

from datetime import datetime

from signalstream.core import merging
from signalstream.core.arrival import arrived
from signalstream.core.keys import ConversationKey, parse_key
from signalstream.errors import UnprocessableError
from signalstream.models.intelligence import Analysis
from signalstream.models.messages import Message
from signalstream.streaming.values import decode


def read_message(key: bytes | None, value: bytes | None, at: datetime | None = None) -> tuple[ConversationKey, Message]:
    """Read a record of the raw topic that the broker took in ``at``. Raises UndecodableError, UnprocessableError."""
    conversation, message = parse_key(key), decode(Message, value)
    if conversation != ConversationKey(message.tenant_id, message.conversation_id):
        raise UnprocessableError("the record's key names another conversation than its message")
    return conversation, arrived(message, at)


def read_analysis(key: bytes | None, value: bytes | None) -> tuple[ConversationKey, Analysis]:
    """Read a record of an analysis topic. Raises UndecodableError, UnprocessableError."""
    conversation, analysis = parse_key(key), decode(Analysis, value)
    if conversation != ConversationKey(analysis.tenant_id, analysis.conversation_id):
        raise UnprocessableError("the record's key names another conversation than its analysis")
    if problem := merging.misfit(analysis):
        raise UnprocessableError(problem)
    return conversation, analysis
