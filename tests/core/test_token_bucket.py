from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from signalstream.core.token_bucket import Rate, TokenBuckets

RATES = st.builds(Rate, st.floats(0.5, 10_000), st.integers(1, 50))
WAITS = st.lists(st.floats(0, 5), min_size=1, max_size=80)


@given(RATES, WAITS)
def test_no_span_lets_more_through_than_a_burst_and_what_comes_back_in_it(rate, waits):
    buckets, now, taken = TokenBuckets(1), 0.0, []
    for wait in waits:
        now += wait
        if buckets.take("a", rate, now).allows:
            taken.append(now)

    for first in range(len(taken)):
        for last in range(first, len(taken)):
            span = taken[last] - taken[first]
            assert last - first + 1 <= rate.burst + span / rate.interval + 1e-6


@given(RATES)
def test_a_rested_holder_may_take_a_burst_at_once_and_then_none(rate):
    buckets = TokenBuckets(1)

    remaining = [buckets.take("a", rate, 7.0).remaining for _ in range(rate.burst + 1)]

    assert remaining == list(range(rate.burst, -1, -1))
    assert not buckets.look("a", rate, 7.0).allows


@given(RATES, WAITS)
def test_who_comes_when_it_was_told_to_is_let_through_and_a_little_sooner_is_not(rate, waits):
    assume(rate.interval > 1e-3)
    buckets, now = TokenBuckets(1), 0.0
    for wait in waits:
        now += wait / 100
        standing = buckets.take("a", rate, now)
        if not standing.allows:
            assert not buckets.look("a", rate, now + standing.next_in * 0.99).allows
            assert buckets.look("a", rate, now + standing.next_in + 1e-6).allows


@given(RATES, st.integers(1, 30))
def test_a_refusal_costs_nothing(rate, refusals):
    buckets = TokenBuckets(1)
    while buckets.take("a", rate, 0.0).allows:
        pass
    before = buckets.look("a", rate, 0.0)

    for _ in range(refusals):
        buckets.take("a", rate, 0.0)

    assert buckets.look("a", rate, 0.0) == before


@given(RATES, st.integers(1, 50))
def test_a_bucket_is_full_when_it_was_said_to_be(rate, taken):
    buckets = TokenBuckets(1)
    for _ in range(taken):
        buckets.take("a", rate, 0.0)

    full_in = buckets.look("a", rate, 0.0).full_in

    assert buckets.look("a", rate, full_in + 1e-6).remaining == rate.burst


@given(RATES, WAITS)
def test_what_is_spent_is_as_what_is_taken_and_says_how_it_stands_then(rate, waits):
    taken, spent, now = TokenBuckets(1), TokenBuckets(1), 0.0
    for wait in waits:
        now += wait
        if taken.take("a", rate, now).allows:
            said, expected = spent.spend("a", rate, now), taken.look("a", rate, now)
            assert said == spent.look("a", rate, now)
            assert said.remaining == expected.remaining
            # A refusal, too, is noted with the time, and sums of intervals are not exact.
            assert (said.full_in, said.next_in) == pytest.approx((expected.full_in, expected.next_in), abs=1e-6)


def test_holders_do_not_touch_one_another():
    buckets, rate = TokenBuckets(10), Rate(60, 1)

    assert buckets.take("a", rate, 0.0).allows
    assert buckets.take("b", rate, 0.0).allows
    assert not buckets.take("a", rate, 0.0).allows


def test_of_too_many_holders_those_unseen_for_longest_are_forgotten():
    buckets, rate = TokenBuckets(2), Rate(60, 1)
    for holder in ("a", "b", "a", "c"):
        buckets.take(holder, rate, 0.0)

    assert len(buckets) == 2
    assert [buckets.look(holder, rate, 0.0).allows for holder in ("a", "b", "c")] == [False, True, False]


def test_a_changed_rate_holds_at_once():
    buckets = TokenBuckets(1)
    for _ in range(10):
        buckets.take("a", Rate(60, 10), 0.0)

    assert not buckets.look("a", Rate(60, 10), 0.5).allows
    assert buckets.look("a", Rate(600, 100), 0.5).remaining == 95  # ten were taken, five have come back
    assert not buckets.look("a", Rate(600, 2), 0.5).allows


@given(RATES, st.integers(1, 20))
def test_shares_of_a_rate_come_to_the_rate_and_each_may_do_one_at_once(rate, holders):
    share = rate.share(holders)

    assert share.per_minute * holders == pytest.approx(rate.per_minute)
    assert rate.burst <= share.burst * holders < rate.burst + holders


@pytest.mark.parametrize(("per_minute", "burst"), [(0, 5), (-1, 5), (60, 0)])
def test_a_rate_that_lets_nothing_through_is_a_mistake(per_minute, burst):
    with pytest.raises(ValueError, match="lets nothing through"):
        Rate(per_minute, burst)
