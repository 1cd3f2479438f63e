from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.latency import BOUNDS, Latency

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
