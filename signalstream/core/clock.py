"""Time as something that is passed in, so that windows and deadlines can be tried without waiting."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Return the present time in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present time in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class Moment:
    """A clock that stands at one time."""

    at: datetime

    def now(self) -> datetime:
        """Return that time."""
        return self.at


@dataclass
class BrokerClock:
    """The broker's clock, as far as this machine's clock and the times of records tell it.

    A record's time lies in the past by as long as the record waited, so the least wait within a while says best how
    far the two clocks are apart.
    """

    machine: Clock = field(default_factory=SystemClock)
    trusted: timedelta = timedelta(seconds=60)
    _ahead: timedelta = timedelta(0)
    _measured: datetime | None = None

    def heard(self, at: datetime) -> None:
        """Take note of the time that the broker gave to a record which has just been read."""
        now = self.machine.now()
        fresh = self._measured is not None and abs(now - self._measured) < self.trusted
        if not fresh or at - now > self._ahead:
            self._ahead, self._measured = at - now, now

    def now(self) -> datetime:
        """Return the present time in UTC, by the broker's clock."""
        return self.machine.now() + self._ahead
