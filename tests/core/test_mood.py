"""The sentiment over a conversation: newer messages count more, and the trend says where it went."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.mood import mood
from signalstream.models.intelligence import SentimentLabel, Trend

SCORES = st.lists(st.floats(-1, 1), min_size=1, max_size=12)


def test_nobody_has_a_mood_before_the_first_message() -> None:
    assert mood([]) is None


@pytest.mark.parametrize(
    ("newest_first", "label", "trend"),
    [
        ((0.9, -0.9), SentimentLabel.POSITIVE, Trend.IMPROVING),
        ((-0.9, 0.9), SentimentLabel.NEGATIVE, Trend.WORSENING),
        ((-0.6, -0.5, -0.7), SentimentLabel.NEGATIVE, Trend.STEADY),
        ((0.1,), SentimentLabel.NEUTRAL, Trend.STEADY),
    ],
)
def test_it_says_how_the_customer_feels_and_where_it_goes(
    newest_first: tuple[float, ...], label: SentimentLabel, trend: Trend
) -> None:
    found = mood(newest_first)
    assert found is not None
    assert (found.sentiment, found.trend, found.messages) == (label, trend, len(newest_first))
    assert (found.begin, found.end) == (newest_first[-1], newest_first[0])


@given(SCORES)
def test_the_score_lies_between_the_lowest_and_the_highest(scores: list[float]) -> None:
    found = mood(scores)
    assert found is not None
    assert min(scores) - 1e-4 <= found.score <= max(scores) + 1e-4


@given(SCORES, st.floats(0.01, 1))
def test_a_newer_message_moves_the_score_more_than_an_older_one(scores: list[float], change: float) -> None:
    calm = [0.0] * (len(scores) + 1)
    newest, oldest = mood([change, *calm]), mood([*calm, change])
    assert newest is not None
    assert oldest is not None
    assert newest.score > oldest.score
