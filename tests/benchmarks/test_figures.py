from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import percentile, settled, spread


def test_a_percentile_is_the_least_value_that_enough_values_do_not_exceed() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert percentile(values, 0.50) == 50
    assert percentile(values, 0.99) == 99
    assert percentile(values, 1.0) == 100


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0.0, 1.0))
def test_a_percentile_is_one_of_the_values_and_covers_its_share(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_the_first_fifth_is_left_out_in_the_order_of_taking() -> None:
    assert list(settled([9, 9, 3, 1, 2, 5, 4, 8, 7, 6])) == [3, 1, 2, 5, 4, 8, 7, 6]


def test_a_spread_shows_the_median_with_the_least_and_the_greatest() -> None:
    found = spread([30.0, 10.0, 20.0])
    assert found is not None
    assert found.text(1) == "20.0 (10.0\N{EN DASH}30.0)"
    assert spread([]) is None
