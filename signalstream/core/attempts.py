"""One call's attempts: how long each may take, which error is worth another, and after what delay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from signalstream.errors import (
    AnalystBadOutputError,
    AnalystError,
    AnalystRateLimitedError,
    AnalystUnavailableError,
)

LEAST_SECONDS = 0.2  # with less left no answer can come: an attempt would cost a request and tokens for nothing
MOMENT_SECONDS = 0.05
FAIR_SECONDS = 3.0  # of silence say something about the service; a healthy one may need less time than that to spare


@dataclass(frozen=True)
class Backoff:
    """Delays that double from ``first_seconds`` to ``longest_seconds``, each with up to ``jitter_share`` more."""

    attempts: int = 4
    first_seconds: float = 0.25
    longest_seconds: float = 4.0
    jitter_share: float = 1.0
    bad_outputs: int = 2  # answers without a usable object, after which the question is not asked again

    def delay(self, attempt: int, random: float) -> float:
        """Return the seconds after the ``attempt``-th one, from 1. ``random`` is 0..1."""
        seconds = min(self.longest_seconds, self.first_seconds * 2.0 ** min(attempt - 1, 60))
        return seconds * (1.0 + self.jitter_share * random)

    def after(self, told_seconds: float, random: float) -> float:
        """Return the seconds after an attempt that the service answered with a delay: never less than it says."""
        return told_seconds + random * max(self.first_seconds, 0.1 * told_seconds)


@dataclass
class Retries:
    """Decides for one call; none begins after ``latest``. ``random`` gives 0..1."""

    backoff: Backoff
    latest: float
    random: Callable[[], float]
    attempts: int = 0
    bad_outputs: int = 0

    def after(self, error: AnalystError, now: float) -> float | None:
        """Return the delay before the next attempt, or None when ``error`` is the call's end."""
        self.attempts += 1
        self.bad_outputs += isinstance(error, AnalystBadOutputError)
        delay = self._delay(error)
        too_late = delay is not None and now + delay > self.latest
        return None if too_late or self.attempts >= self.backoff.attempts else delay

    def _delay(self, error: AnalystError) -> float | None:
        if isinstance(error, AnalystRateLimitedError) and error.delay_seconds > 0:
            return self.backoff.after(error.delay_seconds, self.random())
        if isinstance(error, (AnalystRateLimitedError, AnalystUnavailableError)):
            return self.backoff.delay(self.attempts, self.random())
        if isinstance(error, AnalystBadOutputError) and self.bad_outputs < self.backoff.bad_outputs:
            return 0.0
        return None


def attempt_seconds(longest: float, left: float) -> float:
    """Return how long an attempt may take with ``left`` seconds to the call's deadline.

    It ends a moment before that, so that silence is told as the model's and not as the end of our own time.
    """
    return max(0.0, min(longest, left - MOMENT_SECONDS))


def needed_seconds(typical: float, left: float) -> float:
    """Return how long before its deadline a call's last attempt must begin, or its answer would be of no use.

    ``typical`` is how long answers take, ``left`` the call's time in all. Half of it at most: slow answers must not end
    all calls, for then no quicker one would ever be seen.
    """
    return max(LEAST_SECONDS, min(typical, left / 2))


def says_nothing(longest: float, given: float, elapsed: float, *, others_answered: bool) -> bool:
    """Say whether an attempt without an answer says nothing about the service: it had too little time.

    With less than the ``longest`` time it speaks against the service only when it waited for ``FAIR_SECONDS``, and
    others heard nothing either meanwhile.
    """
    ran_out = elapsed >= given
    return ran_out and given < longest and (given < FAIR_SECONDS or others_answered)
