"""Record keys: the raw UTF-8 bytes ``tenant_id/conversation_id`` in every topic and every table.

Raw bytes, because Faust hashes a typed key with its JSON quotes and then looks for a table's row on another
partition than the topic's. A tenant id has no slash, so the first one splits.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from signalstream.errors import UndecodableError
from signalstream.models.base import TENANT_PATTERN

MAX_CONVERSATION_CHARACTERS = 128
_TENANT = re.compile(TENANT_PATTERN)


class ConversationKey(NamedTuple):
    """Whose conversation, and which."""

    tenant_id: str
    conversation_id: str

    def encode(self) -> bytes:
        """Return the record key."""
        return f"{self.tenant_id}/{self.conversation_id}".encode()


def parse_key(key: bytes | None) -> ConversationKey:
    """Split a record key. Raises UndecodableError for a key that no part of this program writes."""
    if not key:
        raise UndecodableError("the record has no key; it must be tenant_id/conversation_id")
    try:
        tenant, slash, conversation = key.decode().partition("/")
    except UnicodeDecodeError as error:
        raise UndecodableError("the record's key is not UTF-8") from error
    if not slash or not _TENANT.fullmatch(tenant) or not is_conversation_id(conversation):
        raise UndecodableError("the record's key is not tenant_id/conversation_id")
    return ConversationKey(tenant, conversation)


def is_tenant_id(value: str) -> bool:
    """Say whether ``value`` may name a tenant."""
    return _TENANT.fullmatch(value) is not None


def is_conversation_id(value: str) -> bool:
    """Say whether ``value`` may name a conversation: 1 to 128 printable characters."""
    return 0 < len(value) <= MAX_CONVERSATION_CHARACTERS and value.isprintable()
