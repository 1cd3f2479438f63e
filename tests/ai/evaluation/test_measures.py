"""Figures of summaries, requests and languages, worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.ai.evaluation import language, requests, summary
from signalstream.ai.evaluation.lines import records
from signalstream.ai.evaluation.summary import LabelledConversation, rouge1
from signalstream.errors import ConfigurationError


def test_rouge_1_counts_words_that_both_have_and_no_word_twice() -> None:
    assert rouge1("the cat sat", "The cat, sat!") == 1
    assert rouge1("cat cat cat", "cat") == pytest.approx(2 * 1 / 4)
    assert rouge1("dogs bark", "cats purr") == rouge1("", "") == 0
    assert rouge1("walks", "walk") == 0  # no stemming


@given(st.text(max_size=80), st.text(max_size=80))
def test_rouge_1_is_a_share_and_the_same_both_ways(one: str, other: str) -> None:
    assert 0 <= rouge1(one, other) <= 1
    assert rouge1(one, other) == rouge1(other, one)


def test_summaries_are_compared_with_each_reference_and_cut_at_sixty_words() -> None:
    figures = summary.measure([["a b", "c d"], ["x"]], ["a b", "y " * 60 + "x"])
    assert figures == {"rouge1": pytest.approx(0.25), "words": 31}
    with pytest.raises(ValueError, match="nothing"):
        summary.measure([], [])


def test_requests_are_measured_by_those_that_are_there() -> None:
    figures = requests.measure([True, True, False, False], [True, False, True, False])
    assert figures == {"f1": 0.5, "precision": 0.5, "recall": 0.5}


def test_an_undetermined_language_is_a_wrong_one() -> None:
    figures = language.measure(["en", "en", "de", "de"], ["en", "en", "de", "und"])
    assert figures == {"accuracy": 0.75, "undetermined": 0.25, "lowest_recall": 0.5}


def test_a_line_that_is_no_record_is_named() -> None:
    good = '{"messages": [{"sender": "agent", "message": "hi"}], "summaries": ["Agent says hi."]}'
    assert [one.summaries for one in records(LabelledConversation, [good, ""])] == [("Agent says hi.",)]
    for bad in ("{", "[]", '{"messages": [], "summaries": ["x"]}', '{"summaries": ["x"]}'):
        with pytest.raises(ConfigurationError, match="line 2 is not of the format"):
            list(records(LabelledConversation, [good, bad]))
