"""What remote answers cost: tokens and money by tenant and day, and the end of a day's budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from signalstream.ai.remote.provider import Tokens
from signalstream.core.clock import Clock
from signalstream.errors import AnalystSpentError

MILLION = 1_000_000


@dataclass(frozen=True)
class Prices:
    """Money for a million tokens, in the currency of the settings."""

    prompt: float
    output: float

    def of(self, tokens: Tokens) -> float:
        """Return what tokens cost."""
        return (tokens.prompt * self.prompt + tokens.output * self.output) / MILLION


class Today(NamedTuple):
    """A day's money, how many tenants it was spent on, and of how many the budget is spent."""

    money: float
    tenants: int
    tenants_spent: int


@dataclass
class Spending:
    """Counts of one process and one day (UTC); ``limit`` is the money for a tenant and day of all workers, or None.

    The counts survive nothing but the process: a worker that starts anew begins the day at zero, and so may spend its
    part once more. Each worker keeps to its own ``part`` (0..1, its share of the partitions) of the limit, so workers
    need not ask one another; a tenant whose conversations lie unevenly is stopped by one worker before another. Calls
    under way when the limit is reached are still paid for, and so are attempts that were broken off, of which nobody
    says what they cost.
    """

    prices: Prices
    limit: float | None
    part: Callable[[], float]
    clock: Clock
    _day: date | None = None
    _tenants: dict[str, Tokens] = field(default_factory=dict)

    def check(self, tenant: str) -> None:
        """Raise AnalystSpentError when the tenant's money of the day is spent."""
        if self.limit is None:
            return
        spent, allowed = self.prices.of(self.tokens(tenant)), self.limit * self.part()
        if spent >= allowed:
            raise AnalystSpentError(
                f"the day's budget of tenant {tenant} is spent: {spent:.4g} of this worker's {allowed:.4g}; the next"
                " day (UTC) has a new one, or raise SIGNALSTREAM_REMOTE_SPEND_PER_TENANT_AND_DAY"
            )

    def note(self, tenant: str, tokens: Tokens) -> None:
        """Count what an attempt cost, a failed one too."""
        before = self.tokens(tenant)
        self._tenants[tenant] = Tokens(before.prompt + tokens.prompt, before.output + tokens.output)

    def tokens(self, tenant: str) -> Tokens:
        """Return a tenant's tokens of the day."""
        self._turn_page()
        return self._tenants.get(tenant, Tokens())

    def condition(self) -> dict[str, object]:
        """Return the day, what it cost so far, and how many tenants' budget is spent; no tenant is named."""
        today = self.today()
        day = None if self._day is None else self._day.isoformat()
        return {"day": day, **today._asdict()}

    def today(self) -> Today:
        """Return what the day cost so far."""
        self._turn_page()
        money = {tenant: self.prices.of(tokens) for tenant, tokens in self._tenants.items()}
        allowed = None if self.limit is None else self.limit * self.part()
        spent = 0 if allowed is None else sum(1 for cost in money.values() if cost >= allowed)
        return Today(round(sum(money.values()), 6), len(money), spent)

    def _turn_page(self) -> None:
        today = self.clock.now().date()
        if today != self._day:
            self._day, self._tenants = today, {}
