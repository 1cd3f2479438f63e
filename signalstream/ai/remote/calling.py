"""A call of the remote model, through every layer: what the rest of the program asks its questions by.

total deadline -> circuit breaker -> rate limit and in-flight limit -> attempt with its own time -> provider, with the
retries around all but the deadline. The token is taken once there is a place in flight, so that what the rate limit
counts is sent in the same instant; whether the wait for a token would be too long is looked at before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import SystemRandom

import structlog

from signalstream.ai.remote.breaker import CircuitBreaker
from signalstream.ai.remote.budget import Rebalanced, follow_partitions
from signalstream.ai.remote.condition import breaker_part, budget_part, status_of
from signalstream.ai.remote.in_flight import InFlight
from signalstream.ai.remote.limiter import Limiter
from signalstream.ai.remote.provider import Provider, Question, Reply, Tokens
from signalstream.ai.remote.retrying import retried
from signalstream.ai.remote.spending import Prices, Spending
from signalstream.ai.remote.under_way import UnderWay
from signalstream.ai.remote.usage import Usage
from signalstream.core.attempts import LEAST_SECONDS, Backoff, Retries, attempt_seconds, needed_seconds, says_nothing
from signalstream.core.budget import Budget
from signalstream.core.clock import Clock
from signalstream.core.latency import Slow
from signalstream.core.outage import Breaker, OutageRule, State
from signalstream.core.pace import Pace
from signalstream.errors import (
    AnalystError,
    AnalystOverdueError,
    AnalystRateLimitedError,
    AnalystRejectedError,
    AnalystUnavailableError,
)
from signalstream.remote_settings import RemoteSettings

log = structlog.get_logger()


@dataclass
class _Call:
    question: Question
    deadline: float
    tenant: str
    began: float
    latest: float  # that an attempt may begin: a later one would pay for an answer that nobody waits for any more
    attempts: int = 0


@dataclass
class Caller:
    """Asks ``provider``; lives in the event loop that the provider was started in. ``random`` gives 0..1."""

    provider: Provider
    limiter: Limiter
    breaker: CircuitBreaker
    in_flight: InFlight
    budget: Budget
    spending: Spending
    attempt_seconds: float
    backoff: Backoff = field(default_factory=Backoff)
    random: Callable[[], float] = field(default_factory=lambda: SystemRandom().random)
    usage: Usage = field(default_factory=Usage)
    _under_way: UnderWay = field(default_factory=UnderWay)

    def __post_init__(self) -> None:
        self.breaker.opened.append(self._under_way.let_go)

    async def call(self, question: Question, deadline: float, tenant: str) -> Reply:
        """Return the reply by ``deadline``, the loop's time; its cost is the ``tenant``'s.

        Raises AnalystError: what the provider said at last, or AnalystOverdueError, AnalystSuspendedError,
        AnalystNoBudgetError, AnalystSpentError when one of the layers stood in the way.
        """
        began = _now()
        needed = needed_seconds(self.usage.typical_seconds, deadline - began)
        call = _Call(question, deadline, tenant, began, deadline - needed)
        with self.usage.call():
            self._check_time(call)
            try:
                async with self._under_way.until(deadline):
                    retries = Retries(self.backoff, call.latest, self.random)
                    return await retried(lambda: self._attempt(call), retries)
            except TimeoutError:
                self.breaker.check()  # it opened, and so let go of this call
                raise self._overdue(call) from None

    def rebudget(self) -> None:
        """Give the rate limit the budget of now."""
        self.limiter.change(self.budget.requests(_now()))

    def follow(self, apps: Sequence[Rebalanced], *, topic: str, partitions: int, agents: int) -> None:
        """Let the budget follow the partitions of ``topic`` that ``apps`` have here: see ``follow_partitions``."""
        follow_partitions(
            self.budget.share, apps, topic=topic, partitions=partitions, agents=agents, changed=self.rebudget
        )

    def condition(self) -> dict[str, object]:
        """Describe the layers, by names that stay: docs/REMOTE.md has them all."""
        self.rebudget()
        return {
            **status_of(self.usage, self.breaker),
            "breaker": breaker_part(self.breaker),
            "budget": budget_part(self.budget, self.limiter, self.in_flight, _now()),
            "spending": self.spending.condition(),
            **self.usage.condition(),
        }

    def _check_time(self, call: _Call) -> None:
        if call.deadline - call.began < LEAST_SECONDS:
            raise self._overdue(call)

    def _overdue(self, call: _Call) -> AnalystOverdueError:
        seconds = max(0.0, call.deadline - call.began)
        return AnalystOverdueError(
            f"no answer within {seconds:.3g} s, after {call.attempts} attempts, with {self.usage.in_flight} in flight"
        )

    async def _attempt(self, call: _Call) -> Reply:
        self.spending.check(call.tenant)
        self.breaker.check()
        self.rebudget()
        self.limiter.check(call.latest, self.in_flight.waiting)
        async with self.in_flight.place():
            if _now() > call.latest:
                raise self._overdue(call)
            await self.limiter.take(call.latest)
            return await self._ask(call)

    async def _ask(self, call: _Call) -> Reply:
        sent, longest = _now(), self.attempt_seconds
        given = attempt_seconds(longest, call.deadline - sent)

        def no_sign() -> bool:
            heard = self.breaker.answered_at >= sent
            return says_nothing(longest, given, _now() - sent, others_answered=heard)

        try:
            with self.breaker.attempt(no_sign), self.usage.attempt():
                self._note_sent(call, sent)
                reply = await self._answer(call.question, given)
        except AnalystError as error:
            self._learn(call, error, sent, given)
            raise
        except asyncio.CancelledError:
            if self.breaker.state == State.OPEN:  # let go of, perhaps only because answers have become slow
                self.usage.hung(_now() - sent)
            raise
        self.usage.answered(_now() - sent)
        self._pay(call, reply.tokens)
        return reply

    def _note_sent(self, call: _Call, sent: float) -> None:
        call.attempts += 1
        self.budget.adaptive.sent(sent)
        if call.attempts == 1:
            self.usage.waiting_seconds.note(sent - call.began)

    async def _answer(self, question: Question, seconds: float) -> Reply:
        try:
            async with asyncio.timeout(seconds):
                return await self.provider.ask(question, seconds)
        except TimeoutError:
            raise AnalystUnavailableError(f"{self.provider.name}: no answer within {seconds:.3g} s") from None

    def _learn(self, call: _Call, error: AnalystError, sent: float, given: float) -> None:
        self._pay(call, Tokens(*error.tokens))
        if given < self.attempt_seconds and _now() - sent >= given:
            self.usage.gave_up(given)
        if isinstance(error, AnalystRejectedError):
            if self.usage.rejected is None:  # once, not for every message
                log.error("analyst.rejected", engine=self.provider.name, reason=str(error))
            self.usage.rejected = str(error)
        if isinstance(error, AnalystRateLimitedError):
            self.budget.adaptive.refused(sent, _now())
            self.rebudget()
            if error.delay_seconds > 0:
                self.limiter.pause(error.delay_seconds)

    def _pay(self, call: _Call, tokens: Tokens) -> None:
        self.usage.spent(tokens)
        self.spending.note(call.tenant, tokens)


def layered(provider: Provider, settings: RemoteSettings, clock: Clock, rule: OutageRule | None = None) -> Caller:
    """Return a caller with the layers that the settings describe."""
    budget = Budget(float(settings.remote_requests_per_minute))
    prices = Prices(settings.remote_price_per_million_prompt_tokens, settings.remote_price_per_million_output_tokens)
    random = SystemRandom().random
    usage = Usage(Slow(seconds=settings.remote_attempt_seconds / 2))  # until answers tell more
    return Caller(
        provider=provider,
        limiter=Limiter(Pace(budget.requests(0.0))),
        breaker=CircuitBreaker(Breaker(rule or OutageRule(), random, lambda: usage.typical_seconds)),
        in_flight=InFlight(settings.remote_in_flight),
        budget=budget,
        spending=Spending(prices, settings.remote_spend_per_tenant_and_day, budget.share.part, clock),
        attempt_seconds=settings.remote_attempt_seconds,
        random=random,
        usage=usage,
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
