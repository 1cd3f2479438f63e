"""Figures of classifications: checked against cases counted by hand and against laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.ai.evaluation import intent, sentiment
from signalstream.ai.evaluation.classes import accuracy, auroc, f1, precision, recall

TRUTH = ["a", "a", "a", "b"]
GIVEN = ["a", "a", "b", "b"]
SCORES = st.lists(st.integers(0, 5), min_size=1, max_size=12)


def test_counts_by_hand() -> None:
    assert accuracy(TRUTH, GIVEN) == 0.75
    assert recall(TRUTH, GIVEN, "a") == pytest.approx(2 / 3)
    assert precision(TRUTH, GIVEN, "b") == 0.5
    assert f1(TRUTH, GIVEN, "a") == pytest.approx(0.8)
    assert f1(TRUTH, GIVEN, "c") == recall(TRUTH, GIVEN, "c") == 0


def test_nothing_labelled_is_no_figure() -> None:
    with pytest.raises(ValueError, match="nothing was labelled"):
        accuracy([], [])
    with pytest.raises(ValueError, match="both groups"):
        auroc([1.0], [])


@given(SCORES, SCORES)
def test_auroc_is_how_often_the_one_is_above_the_other(inside: list[int], outside: list[int]) -> None:
    wins = sum((one > other) + (one == other) / 2 for one in inside for other in outside)
    assert auroc(inside, outside) == pytest.approx(wins / len(inside) / len(outside))


def test_sentiment_weighs_every_label_alike() -> None:
    figures = sentiment.measure(["positive", "negative", "negative", "negative"], ["negative"] * 4)
    assert figures["accuracy"] == 0.75
    assert figures["macro_recall"] == 0.5
    assert figures["recall_positive"] == 0
    assert figures["macro_f1"] == pytest.approx((0 + 6 / 7) / 2)


def test_intent_counts_what_has_a_label_and_ranks_what_has_none() -> None:
    figures = intent.measure(["a", "b", None], ["a", "a", "a"], [0.9, 0.2, 0.3])
    assert figures == {"accuracy": 0.5, "oos_auroc": 0.5}
    assert "oos_auroc" not in intent.measure(["a"], ["a"], [0.9])


def test_labelled_lines_are_read_and_empty_ones_passed_over() -> None:
    lines = ['{"text": "t", "sentiment": "neutral"}', "", '{"text": "u", "sentiment": "positive"}']
    assert list(sentiment.read(lines)) == [("t", "neutral"), ("u", "positive")]
    assert list(intent.read(['{"text": "t", "intent": null}'])) == [("t", None)]


@pytest.mark.parametrize("line", ["{", "[]", '{"text": "t"}', '{"text": "t", "sentiment": "fine"}', "7"])
def test_a_line_of_another_format_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2: "):
        list(sentiment.read(["", line]))
    with pytest.raises(ValueError, match="line 2: "):
        list(intent.read(["", line]))
