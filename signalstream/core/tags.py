"""Tags: what stands for a value of personal data from ingest on, without telling it: ``[EMAIL:k3x9q2ab]``.

A tag is a keyed digest of the value as values are compared, for one conversation: the same value has the same tag in it
and another one elsewhere. Whoever has no key can neither try values out nor make a tag. A tag that somebody writes is
text like any other: tags are known by their places, never by their looks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Protocol

from signalstream.core.keys import ConversationKey
from signalstream.core.placeholders import compared

_DIGEST_BYTES = 5  # eight characters: of 1,000 values of a conversation two share a tag once in two million
TagOf = Callable[[str, str], str]
"""Label and value to the tag, in one conversation."""


class Tagger(Protocol):
    """Makes tags."""

    def of(self, key: ConversationKey) -> TagOf:
        """Return what makes the tags of a conversation, which raises KeyPendingError, KeyDestroyedError."""
        ...


class KeyedTagger:
    """Makes tags with each tenant's secret: see ``Sealer.secret_of``."""

    def __init__(self, secret_of: Callable[[str], bytes]) -> None:
        self._secret_of = secret_of

    def of(self, key: ConversationKey) -> TagOf:
        """See Tagger."""
        secret = self._secret_of(key.tenant_id)

        def tag(label: str, value: str) -> str:
            data = f"{key.conversation_id}\x00{label}\x00{compared(label, value)}".encode("utf-8", "surrogatepass")
            digest = hmac.digest(secret, data, hashlib.sha256)
            return base64.b32encode(digest[:_DIGEST_BYTES]).decode().lower()

        return tag
