from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.progress import Position, ProgressWatch

LIMIT = 60.0


def test_a_partition_that_stands_still_with_a_lag_is_stalled_after_the_limit() -> None:
    watch = ProgressWatch(LIMIT)
    assert watch.stalled({"raw-0": Position(5, 9)}, 0) == {}
    assert watch.stalled({"raw-0": Position(5, 20)}, 59) == {}
    assert watch.stalled({"raw-0": Position(5, 30)}, 61) == {"raw-0": 61}


def test_any_progress_begins_the_count_anew() -> None:
    watch = ProgressWatch(LIMIT)
    watch.stalled({"raw-0": Position(5, 9)}, 0)
    assert watch.stalled({"raw-0": Position(6, 9)}, 100) == {}
    assert watch.stalled({"raw-0": Position(6, 9)}, 159) == {}
    assert watch.stalled({"raw-0": Position(6, 9)}, 160) == {"raw-0": 60}


def test_without_a_lag_and_without_the_partition_nothing_is_counted() -> None:
    watch = ProgressWatch(LIMIT)
    watch.stalled({"raw-0": Position(5, 9), "raw-1": Position(1, 2)}, 0)
    watch.stalled({"raw-0": Position(9, 9)}, 50)
    assert watch.stalled({"raw-0": Position(9, 10), "raw-1": Position(1, 2)}, 100) == {}


@given(st.lists(st.tuples(st.floats(0.1, LIMIT / 2), st.integers(0, 50)), max_size=30))
def test_whoever_moves_at_least_every_half_limit_is_never_stalled(steps: list[tuple[float, int]]) -> None:
    watch, now = ProgressWatch(LIMIT), 0.0
    for committed, (seconds, ahead) in enumerate(steps, start=1):
        now += seconds
        assert watch.stalled({"raw-0": Position(committed, committed + ahead)}, now) == {}
