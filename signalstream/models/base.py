"""What every model shares: frozen, strict about unknown fields, UTC milliseconds, a version on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer

TENANT_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, tzinfo=UTC)


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside of the years 1 to 9999 in UTC") from None


def _with_room(value: datetime) -> datetime:
    if not EARLIEST <= value < LATEST:
        raise ValueError(f"must lie between {rfc3339(EARLIEST)} and {rfc3339(LATEST)}")
    return value


def rfc3339(value: datetime) -> str:
    """Return ``value`` as RFC 3339 in UTC with milliseconds, as in ``2026-01-31T12:00:00.000Z``."""
    return _rfc3339(value if value.tzinfo is UTC else value.astimezone(UTC))


@lru_cache(maxsize=4_096)  # a message's times stand in dozens of the records and rows that it makes
def _rfc3339(utc: datetime) -> str:
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"


Timestamp = Annotated[AwareDatetime, AfterValidator(_utc), PlainSerializer(rfc3339, return_type=str, when_used="json")]
EventTime = Annotated[Timestamp, AfterValidator(_with_room)]
"""A time that a client may choose: a day from the ends of the calendar, so that its window has a start and an end."""


class Model(BaseModel):
    """A frozen value. Unknown fields are an error, so that a misspelt field never passes in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Versioned(Model):
    """A value that is kept in a topic or a table: ``v`` is raised when a reader of the old shape would err."""

    v: Literal[1] = 1
