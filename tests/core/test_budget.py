from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.budget import CUT, LEAST_FACTOR, MARGIN, Adaptive, Budget, Share

SPLITS = st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(lambda split: sum(split) > 0)


@given(st.integers(1, 100_000), SPLITS)
def test_what_all_workers_may_send_together_is_the_quota_less_the_margin(quota: int, split: list[int]) -> None:
    budgets = [Budget(float(quota)) for _ in split]
    for budget, assigned in zip(budgets, split, strict=True):
        budget.share.tell(assigned, sum(split))

    assert sum(budget.requests(0.0) for budget in budgets) == pytest.approx(quota * MARGIN)
    assert all((budget.requests(0.0) == 0) == (assigned == 0) for budget, assigned in zip(budgets, split, strict=True))


def test_a_process_that_was_told_no_share_may_send_all() -> None:
    assert Budget(1_000.0).requests(0.0) == 900.0


@pytest.mark.parametrize(("assigned", "total"), [(-1, 8), (9, 8), (0, 0)])
def test_a_share_that_cannot_be_is_an_error(assigned: int, total: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        Share().tell(assigned, total)


def test_requests_that_were_refused_together_cut_once() -> None:
    adaptive = Adaptive()
    for refused_at in (10.0, 10.1, 10.2):
        adaptive.refused(sent_at=9.0, now=refused_at)
    assert adaptive.factor(10.2) == pytest.approx(CUT, abs=0.001)

    adaptive.refused(sent_at=10.3, now=10.5)
    assert adaptive.factor(10.5) == pytest.approx(CUT * CUT, abs=0.002)


def test_one_refusal_is_forgotten_after_two_minutes() -> None:
    adaptive = Adaptive()
    adaptive.refused(sent_at=0.0, now=1.0)
    assert adaptive.factor(60.0) < 1.0
    assert adaptive.factor(121.0) == 1.0


@pytest.mark.parametrize(("every", "stays"), [(300, True), (150, True), (20, False)])
def test_a_request_refused_by_chance_costs_nothing_and_many_do(every: int, stays: bool) -> None:
    adaptive = Adaptive()
    for number in range(1, 9_001):  # ten minutes at nine hundred a minute
        now = number / 15.0
        adaptive.sent(now)
        if number % every == 0:
            adaptive.refused(now - 3.0, now)
    assert (adaptive.factor(600.0) == 1.0) is stays


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 10)), max_size=60), st.floats(0, 1_000))
def test_the_factor_stays_in_its_bounds_and_only_a_refusal_lowers_it(
    refusals: list[tuple[float, float]], rest: float
) -> None:
    adaptive, now = Adaptive(), 0.0
    for pause, age in refusals:
        before = adaptive.factor(now)
        now += pause
        assert before <= adaptive.factor(now) <= 1.0
        adaptive.refused(now - age, now)
        assert adaptive.factor(now) >= LEAST_FACTOR
    assert adaptive.factor(now) <= adaptive.factor(now + rest) <= 1.0
