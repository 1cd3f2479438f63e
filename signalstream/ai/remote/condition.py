"""What ``/health`` says of the layers around a remote model: docs/REMOTE.md explains each name."""

from __future__ import annotations

from math import inf

from signalstream.ai.remote.breaker import CircuitBreaker
from signalstream.ai.remote.in_flight import InFlight
from signalstream.ai.remote.limiter import Limiter
from signalstream.ai.remote.usage import Usage
from signalstream.core.budget import Budget
from signalstream.core.outage import State


def status_of(usage: Usage, breaker: CircuitBreaker) -> dict[str, object]:
    """Return ``status``, and ``reason`` unless it is ``ok``."""
    if usage.rejected is not None:
        return {"status": "rejected", "reason": usage.rejected}
    if breaker.state != State.CLOSED:
        return {"status": "suspended", "reason": "the remote model does not answer; the local analyst does"}
    return {"status": "ok"}


def breaker_part(breaker: CircuitBreaker) -> dict[str, object]:
    """Return the breaker's state."""
    return {"state": str(breaker.state), "seconds_left": round(breaker.seconds_left(), 3)}


def budget_part(budget: Budget, limiter: Limiter, in_flight: InFlight, now: float) -> dict[str, object]:
    """Return what may be sent, what is left of it, and what waits. ``now`` is the loop's time."""
    wait = limiter.wait_seconds(in_flight.waiting)
    return {
        "requests_per_minute": round(limiter.pace.budget, 3),
        "left": limiter.left(),
        "share": round(budget.share.part(), 4),
        "factor": round(budget.adaptive.factor(now), 4),
        "waiting": limiter.waiting + in_flight.waiting,
        "wait_seconds": round(wait, 3) if wait < inf else None,
    }
