"""Whether a remote service is out: told by the share of failures in the last seconds, or by silence.

What is still under way counts as if it would be answered: refusals come at once and answers take seconds, so that after
a rest all that has ended may be failures, though the service is well. That hides no outage, for then nothing is
answered any more. Calls that hang are an outage before their time is up: when several have waited for longer than
answers take, and nothing has been answered for a while. It is over with one answered probe.

Closed: everything may pass. Open: nothing may. Half open, once the open time is over: exactly one may pass, and how it
ends decides. The open time grows while probes fail, with jitter so that workers do not all probe at once, and stays
short enough that the first good answer comes well within a minute of the outage's end.
"""

from __future__ import annotations

from bisect import bisect_left
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
    """When it is an outage, and for how long nothing is asked then.

    ``least_attempts`` ended in ``window_seconds``, and ``least_failed_share`` of them and of those under way failed. Or
    as many failed one after another, and for ``silent_seconds`` there was no answer at all. Or ``least_hanging`` have
    waited for ``hanging_seconds`` and for ``hanging_share`` of the time that answers take, and for
    ``hanging_silent_seconds`` there was no answer.

    The service is left alone for ``first_seconds``, doubled with each failed probe up to ``longest_seconds``; up to
    ``jitter_share`` of it is added at random.
    """

    window_seconds: float = 10.0
    silent_seconds: float = 5.0
    least_attempts: int = 10
    least_failed_share: float = 0.5
    least_hanging: int = 5
    hanging_seconds: float = 5.0
    hanging_share: float = 1.25
    hanging_silent_seconds: float = 1.5
    first_seconds: float = 5.0
    longest_seconds: float = 20.0
    jitter_share: float = 0.5


@dataclass(frozen=True)
class Permit:
    """An attempt that may pass, from ``at`` on. ``era`` tells those of before a change of state from those after it."""

    era: int
    probe: bool
    at: float


@dataclass
class Breaker:
    """One service's state. Times are seconds of any clock that never goes back; ``random`` gives 0..1.

    Nearly all answers take no longer than ``slow_seconds`` tells.
    """

    rule: OutageRule
    random: Callable[[], float]
    slow_seconds: Callable[[], float]
    _results: deque[tuple[float, bool]] = field(default_factory=deque)  # when, and whether it failed
    _failed: int = 0
    _under_way: list[float] = field(default_factory=list)  # since when, the longest first
    _failed_in_a_row: int = 0
    _silent_since: float | None = None
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

    def notice(self, now: float) -> bool:
        """Open when what is under way hangs; say whether that opened the breaker."""
        hanging = self.state(now) == State.CLOSED and self._hanging(now)
        if hanging:
            self._open(now)
        return hanging

    def enter(self, now: float) -> Permit | None:
        """Let an attempt pass, or not. What passes must be told of by ``leave``, however it ends."""
        if self.refuses(now):
            return None
        probe = self.state(now) == State.HALF_OPEN
        self._probing = self._probing or probe
        self._under_way.append(now)
        if self._silent_since is None:
            self._silent_since = now
        return Permit(self._era, probe, now)

    def leave(self, permit: Permit, verdict: Verdict, now: float) -> bool:
        """Take note of how an attempt ended; say whether that opened the breaker anew."""
        if permit.era != self._era:
            return False
        self._under_way.remove(permit.at)
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
            self._opened_in_a_row = 0
            self._begin_era()
        return False  # of an unknown end nothing follows: the next attempt is the probe

    def _count(self, failed: bool, now: float) -> bool:
        self._results.append((now, failed))
        self._failed += failed
        while self._results[0][0] <= now - self.rule.window_seconds:
            self._failed -= self._results.popleft()[1]
        if not failed:
            self._failed_in_a_row, self._silent_since = 0, now
            return False
        self._failed_in_a_row += 1
        is_outage = self._too_many_failed() or self._silent(now)
        if is_outage:
            self._open(now)
        return is_outage

    def _too_many_failed(self) -> bool:
        ended, least = len(self._results), self.rule.least_failed_share
        return ended >= self.rule.least_attempts and self._failed >= least * (ended + len(self._under_way))

    def _silent(self, now: float) -> bool:
        assert self._silent_since is not None  # since the first attempt at the latest
        long_ago = now - self._silent_since >= self.rule.silent_seconds
        return long_ago and self._failed_in_a_row >= self.rule.least_attempts

    def _hanging(self, now: float) -> bool:
        rule = self.rule
        if self._silent_since is None or now - self._silent_since < rule.hanging_silent_seconds:
            return False
        too_long = max(rule.hanging_seconds, rule.hanging_share * self.slow_seconds())
        return bisect_left(self._under_way, now - too_long) >= rule.least_hanging

    def _open(self, now: float) -> None:
        rule = self.rule
        seconds = min(rule.longest_seconds, rule.first_seconds * 2.0**self._opened_in_a_row)
        self._opens_until = now + seconds * (1.0 + rule.jitter_share * self.random())
        self._opened_in_a_row += 1
        self._begin_era()

    def _begin_era(self) -> None:
        self._era += 1
        self._results.clear()
        self._under_way.clear()
        self._failed = self._failed_in_a_row = 0
        self._silent_since = None
