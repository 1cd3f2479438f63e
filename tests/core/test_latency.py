from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.latency import BOUNDS, Latency, Slow

SECONDS = st.floats(0.0005, 400)


def counted(durations: list[float]) -> Latency:
    latency = Latency()
    for seconds in durations:
        latency.note(seconds)
    return latency


def test_nothing_has_no_percentile() -> None:
    assert Latency().summary() == {"count": 0, "sum": 0.0, "p50": None, "p99": None}


@given(st.lists(SECONDS, min_size=1, max_size=80), st.floats(0.01, 1.0))
def test_a_percentile_is_right_to_within_a_quarter(durations: list[float], share: float) -> None:
    exact = sorted(durations)[max(1, math.ceil(share * len(durations))) - 1]

    told = counted(durations).percentile(share)
    assert told is not None
    assert exact <= told * (1 + 1e-9)
    assert told <= exact * 1.25 * (1 + 1e-9)


@given(st.lists(SECONDS, max_size=80))
def test_every_duration_is_counted(durations: list[float]) -> None:
    latency = counted(durations)

    assert latency.count == sum(latency.counts) == len(durations)
    assert latency.sum == pytest.approx(sum(durations))


def test_what_is_beyond_the_bounds_is_told_as_the_longest() -> None:
    assert BOUNDS[-1] > 300, "the longest deadline is within the bounds"
    assert counted([1.0, 5_000.0]).percentile(0.99) == 5_000.0


@pytest.mark.parametrize("shortest", [0.01, 2.0])
def test_nearly_all_answers_take_no_longer_than_is_told(shortest: float) -> None:
    chance, slow = Random(1), Slow(share=0.95)
    durations = [chance.uniform(shortest, 5.0) for _ in range(4_000)]
    longer = 0
    for seconds in durations:
        longer += seconds > slow.seconds
        slow.note(seconds)

    assert longer / len(durations) == pytest.approx(0.05, abs=0.015)
    assert 4.4 < slow.seconds < 5.4


def test_what_nobody_waited_for_to_the_end_counts_too() -> None:
    """Else only quick answers were seen, the time left for one fell, and fewer still came."""
    chance, slow = Random(1), Slow(share=0.95)
    slow.note(2.0)
    for _ in range(2_000):
        given, needs = slow.seconds, chance.uniform(2.0, 5.0)
        if needs <= given:
            slow.note(needs)
        else:
            slow.gave_up(given)
    assert slow.seconds > 4.5


def test_a_wait_that_was_shorter_than_usual_says_nothing() -> None:
    slow = Slow()
    slow.note(3.0)
    slow.gave_up(1.0)
    assert slow.seconds == 3.0


def test_what_hung_is_slow_from_now_on_and_answers_bring_it_down_again() -> None:
    slow = Slow()
    slow.note(1.0)
    for _ in range(5):
        slow.hung(6.0)
    assert 6.0 < slow.seconds < 8.0
    slow.hung(0.5)
    assert slow.seconds < 8.0

    for _ in range(2_000):
        slow.note(1.0)
    assert slow.seconds < 1.1
