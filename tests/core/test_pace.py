from __future__ import annotations

from itertools import islice, pairwise
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.core.pace import BURST_SHARE, WINDOW_SECONDS, Pace

BUDGETS = st.one_of(st.floats(0.0, 3.0), st.floats(0.0, 60.0), st.integers(0, 60).map(float))
# A step: pass some time, then change the budget, pause, or send as many as want to go for a while.
STEPS = st.lists(
    st.tuples(st.sampled_from(["send", "send", "send", "change", "pause", "rest"]), st.floats(0, 45), BUDGETS),
    max_size=25,
)


def eager(pace: Pace, begin: float, end: float) -> list[float]:
    """Send all that may go in a span, each as early as it may; return when."""
    sent, now = [], begin
    while (at := next(pace.forecast(now))) <= end:
        now = at
        pace.take(now)
        sent.append(now)
    return sent


def most_in_a_minute(sent: list[float], ending: int) -> int:
    """Return how many of the requests lie in the closed minute that ends with one of them."""
    return sum(1 for at in sent[: ending + 1] if sent[ending] - at <= 60.0)


@settings(deadline=None, max_examples=300)
@given(BUDGETS, STEPS)
def test_no_minute_ever_holds_more_than_the_budget_whatever_changes_in_between(
    budget: float, steps: list[tuple[str, float, float]]
) -> None:
    pace, now = Pace(budget), 500.0
    sent: list[float] = []
    allowed: list[int] = []
    for step, seconds, number in steps:
        if step == "send":
            went = eager(pace, now, now + seconds)
            sent += went
            allowed += [max(1, int(pace.budget))] * len(went)
        elif step == "change":
            pace.change(number, now)
        elif step == "pause":
            pace.pause(now + number)
        now += seconds

    assert all(most_in_a_minute(sent, index) <= limit for index, limit in enumerate(allowed))


@settings(deadline=None, max_examples=100)
@given(st.floats(0.05, 0.99))
def test_less_than_one_a_minute_is_one_in_as_many_minutes(budget: float) -> None:
    sent = eager(Pace(budget), 0.0, 60.0 / budget * 5.0)

    assert 4 <= len(sent) <= 5
    assert all(later - earlier >= 60.0 / budget for earlier, later in pairwise(sent))


@settings(deadline=None, max_examples=100)
@given(BUDGETS, st.lists(st.floats(0, 30), max_size=30), st.integers(1, 20), st.floats(0, 20))
def test_the_forecast_is_what_happens(budget: float, pauses: list[float], count: int, paused: float) -> None:
    pace, now = Pace(budget), 0.0
    for pause in pauses:
        now += pause
        if next(pace.forecast(now)) <= now:
            pace.take(now)
    pace.pause(now + paused)
    foretold = list(islice(pace.forecast(now), count))

    happened = []
    for _ in range(count):
        now = next(pace.forecast(now))
        happened.append(now)
        if now < inf:
            pace.take(now)
    assert happened == pytest.approx(foretold)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 2_000))
def test_after_a_rest_a_request_goes_at_once_and_a_few_with_it(budget: int) -> None:
    pace = Pace(float(budget))
    eager(pace, 0.0, 90.0)
    rested = 90.0 + 2 * WINDOW_SECONDS

    at_once = eager(pace, rested, rested)
    assert len(at_once) == max(1, int(budget * BURST_SHARE))


@pytest.mark.parametrize("budget", [10, 100, 900])
def test_steady_load_gets_nearly_the_whole_budget_without_a_long_wait(budget: int) -> None:
    sent = eager(Pace(float(budget)), 0.0, 600.0)

    assert len(sent) >= 0.94 * budget * 10
    longest = max(later - earlier for earlier, later in pairwise(sent))
    assert longest <= 60.0 / budget * 1.1


def test_no_budget_is_never_and_a_budget_that_comes_back_serves() -> None:
    pace = Pace(0.0)
    assert next(pace.forecast(5.0)) == inf
    assert pace.left(5.0) == 0

    pace.change(60.0, 10.0)
    assert next(pace.forecast(10.0)) == 10.0


def test_a_budget_that_grows_does_not_keep_waiting_as_long_as_the_small_one_would() -> None:
    pace = Pace(0.5)
    pace.take(0.0)
    assert next(pace.forecast(1.0)) > 100

    pace.change(900.0, 1.0)
    assert next(pace.forecast(1.0)) < 1.2


def test_after_a_pause_requests_go_one_by_one_and_not_all_at_once() -> None:
    pace = Pace(900.0)
    pace.pause(30.0)

    sent = eager(pace, 0.0, 31.0)
    assert sent[0] == 30.0
    assert len(sent) <= 900 / 60 + 1


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    pace = Pace(900.0)
    pace.pause(30.0)
    pace.pause(10.0)
    assert next(pace.forecast(0.0)) == 30.0


def test_what_is_left_of_the_minute_is_told() -> None:
    pace = Pace(10.0)
    eager(pace, 0.0, 30.0)
    assert pace.left(30.0) == 10 - 5
    assert pace.left(200.0) >= 9
