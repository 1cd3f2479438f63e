from __future__ import annotations

from datetime import timedelta

import pytest

from signalstream.core.spans import span


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0s", timedelta(0)),
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        (" 90 d ", timedelta(days=90)),
        ("52w", timedelta(weeks=52)),
    ],
)
def test_a_span_is_a_number_and_a_unit(text: str, length: timedelta):
    assert span(text) == length


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5h", "1 month", "999999w", "1d12h"])
def test_anything_else_is_none(text: str):
    assert span(text) is None
