"""Whether a remote service is out: told by the share of failures in the last seconds, over by one answered probe.

Closed: everything may pass. Open: nothing may. Half open, once the open time is over: exactly one may pass, and how it
ends decides. The open time grows while probes fail, with jitter so that workers do not all probe at once, and stays
short enough that the first good answer comes well within a minute of the outage's end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """What a breaker does with a call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class Verdict(StrEnum):
    """What an attempt says of the service: it is there, it is not, or nothing."""

    ANSWERED = "answered"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class OutageRule:
    """When it is an outage: ``least_failed_share`` of at least ``least_attempts`` in ``window_seconds``.

    The service is left alone for ``first_seconds``, doubled with each failed probe up to ``longest_seconds``; up to
    ``jitter_share`` of it is added at random.
    """

    window_seconds: float = 20.0
    least_attempts: int = 10
    least_failed_share: float = 0.5
    first_seconds: float = 5.0
    longest_seconds: float = 20.0
    jitter_share: float = 0.5


@dataclass(frozen=True)
class Permit:
    """An attempt that may pass. ``era`` tells results of before a change of state from those of after it."""

    era: int
    probe: bool


@dataclass
class Breaker:
    """One service's state. Times are seconds of any clock that never goes back; ``random`` gives 0..1."""

    rule: OutageRule
    random: Callable[[], float]
    _results: deque[tuple[float, bool]] = field(default_factory=deque)  # when, and whether it failed
    _failed: int = 0
    _era: int = 0
    _opened_in_a_row: int = 0
    _opens_until: float = 0.0
    _probing: bool = False

    def state(self, now: float) -> State:
        """Return the present state."""
        if self._opened_in_a_row == 0:
            return State.CLOSED
        return State.OPEN if now < self._opens_until else State.HALF_OPEN

    def refuses(self, now: float) -> bool:
        """Say whether an attempt would not be let pass now."""
        state = self.state(now)
        return state == State.OPEN or (state == State.HALF_OPEN and self._probing)

    def seconds_left(self, now: float) -> float:
        """Return how long nothing passes any more; 0 when a probe may."""
        return max(0.0, self._opens_until - now) if self._opened_in_a_row else 0.0

    def enter(self, now: float) -> Permit | None:
        """Let an attempt pass, or not. What passes must be told of by ``leave``, however it ends."""
        if self.refuses(now):
            return None
        probe = self.state(now) == State.HALF_OPEN
        self._probing = self._probing or probe
        return Permit(self._era, probe)

    def leave(self, permit: Permit, verdict: Verdict, now: float) -> bool:
        """Take note of how an attempt ended; say whether that opened the breaker anew."""
        if permit.era != self._era:
            return False
        if permit.probe:
            return self._judge_probe(verdict, now)
        if verdict == Verdict.UNKNOWN:
            return False
        return self._count(verdict == Verdict.FAILED, now)

    def _judge_probe(self, verdict: Verdict, now: float) -> bool:
        self._probing = False
        if verdict == Verdict.FAILED:
            self._open(now)
            return True
        if verdict == Verdict.ANSWERED:
            self._era += 1
            self._opened_in_a_row = 0
        return False  # of an unknown end nothing follows: the next attempt is the probe

    def _count(self, failed: bool, now: float) -> bool:
        self._results.append((now, failed))
        self._failed += failed
        while self._results[0][0] <= now - self.rule.window_seconds:
            self._failed -= self._results.popleft()[1]
        attempts = len(self._results)
        is_outage = (
            failed and attempts >= self.rule.least_attempts and self._failed >= self.rule.least_failed_share * attempts
        )
        if is_outage:
            self._open(now)
        return is_outage

    def _open(self, now: float) -> None:
        rule = self.rule
        seconds = min(rule.longest_seconds, rule.first_seconds * 2.0**self._opened_in_a_row)
        self._opens_until = now + seconds * (1.0 + rule.jitter_share * self.random())
        self._era += 1
        self._opened_in_a_row += 1
        self._results.clear()
        self._failed = 0
