from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.ai.remote.provider import Tokens
from signalstream.ai.remote.spending import Prices, Spending
from signalstream.errors import AnalystSpentError
from tests.fakes import FixedClock

LATE = datetime(2026, 5, 1, 23, 59, tzinfo=UTC)
PRICES = Prices(prompt=1.0, output=4.0)
MONEY = Tokens(prompt=600_000, output=100_000)  # costs 1.0


def spending(limit: float | None = 2.0, part: float = 1.0) -> Spending:
    return Spending(PRICES, limit, lambda: part, FixedClock(LATE))


def test_a_tenant_whose_money_of_the_day_is_spent_is_refused_and_no_other_is() -> None:
    counts = spending()
    counts.note("acme", MONEY)
    counts.check("acme")
    counts.note("acme", MONEY)

    with pytest.raises(AnalystSpentError, match=r"tenant acme is spent.*SPEND_PER_TENANT_AND_DAY"):
        counts.check("acme")
    counts.check("globex")
    assert counts.condition() == {"day": "2026-05-01", "money": 2.0, "tenants": 1, "tenants_spent": 1}


def test_the_next_day_by_utc_begins_at_zero() -> None:
    counts = spending()
    counts.note("acme", MONEY)
    counts.note("acme", MONEY)
    counts.clock = FixedClock(LATE + timedelta(minutes=1))

    counts.check("acme")
    assert counts.tokens("acme") == Tokens()
    assert counts.condition() == {"day": "2026-05-02", "money": 0.0, "tenants": 0, "tenants_spent": 0}


def test_a_worker_keeps_to_its_share_of_the_limit() -> None:
    counts = spending(limit=4.0, part=0.25)
    counts.check("acme")
    counts.note("acme", MONEY)
    with pytest.raises(AnalystSpentError):
        counts.check("acme")


def test_a_worker_without_partitions_may_spend_nothing() -> None:
    with pytest.raises(AnalystSpentError):
        spending(part=0.0).check("acme")


def test_without_a_limit_all_is_counted_and_nobody_refused() -> None:
    counts = spending(limit=None)
    for _ in range(1_000):
        counts.note("acme", MONEY)
    counts.check("acme")
    assert counts.condition()["money"] == 1_000.0


COSTS = st.lists(
    st.tuples(st.sampled_from(["acme", "globex"]), st.builds(Tokens, st.integers(0, 9**7), st.integers(0, 9**7)))
)


@given(COSTS)
def test_no_token_is_lost_and_none_is_anothers(costs: list[tuple[str, Tokens]]) -> None:
    counts = spending()
    for tenant, tokens in costs:
        counts.note(tenant, tokens)

    for name in ("acme", "globex"):
        assert counts.tokens(name).prompt == sum(tokens.prompt for tenant, tokens in costs if tenant == name)
        assert counts.tokens(name).output == sum(tokens.output for tenant, tokens in costs if tenant == name)
    assert counts.condition()["money"] == pytest.approx(sum(PRICES.of(tokens) for _, tokens in costs), abs=1e-6)
