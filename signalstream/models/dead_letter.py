"""Dead letters: what could not be processed, where it came from and why, with its bytes; and notes about them."""

from __future__ import annotations

from typing import Literal

from pydantic import Base64Bytes, Field

from signalstream.models.base import Model, Timestamp, Versioned


class Origin(Versioned):
    """Where the record was read."""

    topic: str
    partition: int
    offset: int


class Whole(Model):
    """What the original value was, when a letter holds only its beginning or none of it. ``size`` is in bytes."""

    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class DeadLetter(Versioned):
    """A record of ``support.dlq``. ``key`` and ``value`` are the original bytes (base64 in JSON)."""

    reason: str = Field(description="undecodable, unprocessable, sealed, exhausted, ...")
    detail: str = Field(max_length=500, description="What happened; never message text.")
    stage: str = Field(description="The agent that gave up.")
    origin: Origin
    attempts: int = Field(ge=1)
    failed_at: Timestamp
    key: Base64Bytes | None = None
    value: Base64Bytes | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    whole: Whole | None = Field(default=None, description="Set when the value was too large for a letter.")


class DeadLetterNote(Versioned):
    """What an operator did with a letter, kept beside it on ``support.dlq``: a letter itself is never changed.

    ``letter`` is its id, the partition and offset where it was first filed, as in ``3-17``.
    """

    note: Literal["redriven", "purged"]
    letter: str = Field(pattern=r"^\d{1,9}-\d{1,18}$")
    at: Timestamp
