"""What is shown of a remote model's calls: everything that ``/health`` says of them, read when somebody looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from signalstream.ai.remote.asking import Sizes
from signalstream.ai.remote.calling import Caller
from signalstream.ai.remote.provider import Tokens
from signalstream.ai.remote.usage import OUTCOMES
from signalstream.core.outage import State
from signalstream.metrics.metrics import Metrics


def show_calls(metrics: Metrics, caller: Caller) -> None:
    """Let ``metrics`` show what the layers count."""
    usage, spending = caller.usage, caller.spending
    metrics.read("remote_calls", lambda: {(outcome,): usage.calls[outcome] for outcome in OUTCOMES})
    metrics.read("remote_attempts", lambda: {(outcome,): usage.attempts[outcome] for outcome in OUTCOMES})
    metrics.read("remote_tokens", lambda: {("prompt",): usage.prompt_tokens, ("output",): usage.output_tokens})
    metrics.read("remote_money", lambda: {(): spending.prices.of(Tokens(usage.prompt_tokens, usage.output_tokens))})
    metrics.read("remote_in_flight", lambda: {(): usage.in_flight})
    metrics.read_latency("remote_answer_seconds", lambda: usage.answer_seconds)
    metrics.read_latency("remote_waiting_seconds", lambda: usage.waiting_seconds)
    metrics.read("remote_breaker", lambda: {(str(state),): state == caller.breaker.state for state in State})
    metrics.read("remote_budget_left", lambda: {(): caller.limiter.left()})
    metrics.read("remote_budget_per_minute", lambda: {(): caller.budget.requests(_now())})
    metrics.read("remote_calls_waiting", lambda: {(): caller.limiter.waiting + caller.in_flight.waiting})
    metrics.read("remote_spent_today", lambda: {(): spending.today().money})
    metrics.read("remote_tenants_spent", lambda: {(): spending.today().tenants_spent})


def show_gathering(metrics: Metrics, sizes: Sizes, waiting: Callable[[], int]) -> None:
    """Let ``metrics`` show how turns share questions."""
    metrics.read("remote_questions", lambda: {(): sizes.questions})
    metrics.read("remote_gathered_turns", lambda: {(): sizes.turns})
    metrics.read("remote_turns_waiting", lambda: {(): waiting()})


def _now() -> float:
    return asyncio.get_running_loop().time()
