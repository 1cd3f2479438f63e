"""Erasing a conversation or a tenant: what is asked for, what is remembered of it, and what a receipt says."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signalstream.models.base import Model, Timestamp, Versioned

ERASES = "erases"
"""Header of a record of the raw topic that is no message: everything of its key before it is to be erased."""


class EraseConversation(Versioned):
    """The value of such a record. Its place in the topic says what was before it, its key says of what.

    With ``idle_since`` it is asked only of a conversation that has no later message: who asks may not know the newest.
    """

    erase: Literal["conversation"] = "conversation"
    idle_since: Timestamp | None = None


class ErasureCommand(Versioned):
    """On ``support.conversations.commands``: remove what is of an older generation, or the mark once it is due."""

    command: Literal["erase", "forget"]
    generation: int = Field(ge=1)


class ErasureMark(Versioned):
    """A row of the ``erasures`` table: that a conversation was erased, and nothing of what it held.

    ``generation`` is the time of the erasure in epoch milliseconds, later than that of every erasure before; what is
    made of messages before it has a lower one. ``offset`` is the place of the request in the raw topic's partition.
    ``told`` is set once the insight and the windows are gone and the live views were told; from ``forget_at`` on no
    topic holds anything that the mark would have to keep out.
    """

    erased_at: Timestamp
    generation: int = Field(ge=1)
    offset: int = Field(ge=0)
    forget_at: Timestamp
    told: bool = False


class Removed(Model):
    """What has gone, at the time of the answer."""

    name: str = Field(description="A table, or live views and sockets.")
    removed: bool


class Remaining(Model):
    """A topic that the broker clears by itself, and when the last of what was erased is off its disks."""

    topic: str
    latest: Timestamp | None = Field(
        default=None, description="Null when it goes with the next round of the broker's cleaner: ask again."
    )


class ErasureReceipt(Model):
    """The answer to an erasure, then and later. ``conversation_id`` is null for a tenant."""

    receipt_id: str
    tenant_id: str
    conversation_id: str | None = None
    requested_at: Timestamp
    status: Literal["accepted", "removed"] = Field(
        description="accepted: the broker has the request. removed: no view, table or socket shows anything any more."
    )
    removed: tuple[Removed, ...]
    remaining: tuple[Remaining, ...] = Field(description="What the broker's disks still hold, and until when at most.")
