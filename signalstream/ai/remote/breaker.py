"""The circuit breaker: while the remote model is out nothing is sent, but for one probe at a time.

What counts as an outage is decided by ``core.outage``. A server that answers is not out, whatever it says: a full
quota, refused content, a key that it does not accept or a useless answer all show that it is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from signalstream.core.outage import Breaker, Permit, State, Verdict
from signalstream.errors import (
    AnalystError,
    AnalystNoBudgetError,
    AnalystOverdueError,
    AnalystSuspendedError,
    AnalystUnavailableError,
)

OURS = (AnalystNoBudgetError, AnalystOverdueError, AnalystSuspendedError)  # said by our own layers, not by a server
log = structlog.get_logger()


@dataclass
class CircuitBreaker:
    """One remote model's breaker, for the calls of one event loop.

    ``opened`` are called when it opens: what is under way is waited for no longer.
    """

    breaker: Breaker
    opened: list[Callable[[], None]] = field(default_factory=list)
    answered_at: float = float("-inf")  # the loop's time of the newest answer of any kind

    @property
    def state(self) -> State:
        """Return the present state."""
        return self.breaker.state(_now())

    def seconds_left(self) -> float:
        """Return how long nothing is sent any more."""
        return self.breaker.seconds_left(_now())

    def check(self) -> None:
        """Raise AnalystSuspendedError when an attempt would not be let pass now."""
        if self.breaker.notice(_now()):
            self._tell_opened(probe=False)
        if self.breaker.refuses(_now()):
            raise self._suspended()

    @contextmanager
    def attempt(self, says_nothing: Callable[[], bool]) -> Iterator[None]:
        """Let one attempt pass, or raise AnalystSuspendedError; learn from how it ends.

        ``says_nothing`` is asked when the model was not available: whether that is no sign of an outage.
        """
        self.check()
        permit = self.breaker.enter(_now())
        assert permit is not None  # nothing else runs between the two
        verdict = Verdict.UNKNOWN
        try:
            yield
            verdict = Verdict.ANSWERED
        except AnalystUnavailableError:
            verdict = Verdict.UNKNOWN if says_nothing() else Verdict.FAILED
            raise
        except OURS:
            raise
        except AnalystError:
            verdict = Verdict.ANSWERED
            raise
        finally:
            self._learn(permit, verdict)

    def _learn(self, permit: Permit, verdict: Verdict) -> None:
        now, before = _now(), self.state
        if verdict == Verdict.ANSWERED:
            self.answered_at = now
        opened = self.breaker.leave(permit, verdict, now)
        if opened:
            self._tell_opened(permit.probe)
        elif before != State.CLOSED and self.state == State.CLOSED:
            log.info("remote.outage_over")

    def _tell_opened(self, probe: bool) -> None:
        log.warning("remote.outage", probe=probe, left_alone_seconds=round(self.seconds_left(), 1))
        for callback in self.opened:
            callback()

    def _suspended(self) -> AnalystSuspendedError:
        wait = self.seconds_left()
        when = f"in {wait:.1f} s" if wait > 0 else "once the probe that is under way is answered"
        return AnalystSuspendedError(f"the remote model does not answer; it is asked again {when}")


def _now() -> float:
    return asyncio.get_running_loop().time()
