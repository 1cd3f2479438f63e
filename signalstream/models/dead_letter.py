"""A dead letter: what could not be processed, where it came from and why, with its bytes."""

from __future__ import annotations

from pydantic import Base64Bytes, Field

from signalstream.models.base import Timestamp, Versioned


class Origin(Versioned):
    """Where the record was read."""

    topic: str
    partition: int
    offset: int


class DeadLetter(Versioned):
    """A record of ``support.dlq``. ``key`` and ``value`` are the original bytes (base64 in JSON)."""

    reason: str = Field(description="undecodable, unprocessable, exhausted, ...")
    detail: str = Field(max_length=500, description="What happened; never message text.")
    stage: str = Field(description="The agent that gave up.")
    origin: Origin
    attempts: int = Field(ge=1)
    failed_at: Timestamp
    key: Base64Bytes | None = None
    value: Base64Bytes | None = None
    headers: dict[str, str] = Field(default_factory=dict)
