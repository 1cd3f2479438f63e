"""What an erasure keeps out: messages before it, and what was made of them, whenever it arrives.

A request for an erasure lies among the messages of its conversation, in the raw topic, so that one order decides what
was before it. What is made of a conversation after it has a new generation, whose revisions are higher than any before:
a revision names one picture, of the erased conversation too.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple, Protocol, TypeVar

from signalstream.core.arrival import MOST_SKEW
from signalstream.core.keys import ConversationKey, is_conversation_id
from signalstream.models.conversation import ConversationState
from signalstream.models.erasure import ERASES, EraseConversation, ErasureMark

IF_IDLE = b"idle"
"""The header's value of a request that is asked of a conversation only if it is silent."""
_DIGEST_BYTES = 8
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OfGeneration(Protocol):
    """A row, a turn or an analysis: it is of one generation of its conversation."""

    @property
    def generation(self) -> int:
        """Return it; 0 when the conversation has never been erased."""
        ...


Row = TypeVar("Row", bound=OfGeneration)


def asks_erasure(headers: Iterable[tuple[str, bytes]]) -> bool:
    """Say whether a record of the raw topic with these headers asks for an erasure."""
    return any(name == ERASES for name, _ in headers)


def asks_if_idle(headers: Iterable[tuple[str, bytes]]) -> bool:
    """Say whether it does so only if the conversation is silent. Who has not its row cannot tell: its mark does."""
    return any(name == ERASES and value == IF_IDLE for name, value in headers)


def holds(
    request: EraseConversation, state: ConversationState | None, mark: ErasureMark | None, at: datetime, offset: int
) -> bool:
    """Say whether a request is to be done. One that was done is done again."""
    if request.idle_since is None or is_before(mark, at, offset):
        return True
    row = current(state, mark)
    return row is not None and row.last_message_at <= request.idle_since


def marked(mark: ErasureMark | None, at: datetime, offset: int, kept: timedelta) -> ErasureMark:
    """Return the mark after a request that the broker took in ``at``; the very same object on a repeat."""
    if mark is not None and is_before(mark, at, offset):
        return mark
    generation = max((at - _EPOCH) // _MILLISECOND, generation_of(mark) + 1)
    return ErasureMark(erased_at=at, generation=generation, offset=offset, forget_at=at + kept)


def is_before(mark: ErasureMark | None, at: datetime | None, offset: int) -> bool:
    """Say whether a record of the raw topic comes before the request that made the mark, so that it is erased.

    Its time counts too: in a topic that was made anew offsets begin again.
    """
    return mark is not None and offset <= mark.offset and (at is None or at <= mark.erased_at + MOST_SKEW)


def generation_of(mark: ErasureMark | None) -> int:
    """Return the lowest generation that is not erased."""
    return 0 if mark is None else mark.generation


def current(row: Row | None, mark: ErasureMark | None) -> Row | None:
    """Return the row unless it is erased."""
    return None if row is None or row.generation < generation_of(mark) else row


class ReceiptId(NamedTuple):
    """What a receipt's id says: when the broker took the request in, in epoch milliseconds, and of what.

    ``conversation`` is empty for a tenant.
    """

    at: int
    conversation: str

    @property
    def requested_at(self) -> datetime:
        """Return the time of the request."""
        return _EPOCH + self.at * _MILLISECOND

    def key(self, tenant: str) -> ConversationKey:
        """Return the conversation's key."""
        return ConversationKey(tenant, self.conversation)

    def encode(self, tenant: str) -> str:
        """Return the id. It is good for this tenant alone."""
        text = b"%d/%s/%s" % (self.at, _digest(tenant, self).hex().encode(), self.conversation.encode())
        return base64.urlsafe_b64encode(text).decode().rstrip("=")


def parse_receipt(text: str, tenant: str) -> ReceiptId | None:
    """Return what a receipt's id says; None for one that is no receipt of this tenant."""
    try:
        parts = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode().split("/", 2)
    except ValueError:  # no base64, or no text
        return None
    if len(parts) != 3 or not (parts[0].isascii() and parts[0].isdigit() and len(parts[0]) <= 14):
        return None
    found = ReceiptId(int(parts[0]), parts[2])
    is_whole = not found.conversation or is_conversation_id(found.conversation)
    return found if is_whole and found.encode(tenant) == text else None


def _digest(tenant: str, receipt: ReceiptId) -> bytes:
    text = f"{tenant}\x00{receipt.at}\x00{receipt.conversation}".encode()
    return blake2b(text, digest_size=_DIGEST_BYTES).digest()
