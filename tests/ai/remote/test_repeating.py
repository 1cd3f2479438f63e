"""A server's words are repeated, and the key never among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.ai.remote.gemini_errors import Failed, told
from signalstream.ai.remote.openai import heard
from signalstream.ai.remote.repeating import MOST_NAME, MOST_SAID, count, repeated
from signalstream.errors import AnalystRateLimitedError, AnalystRejectedError, AnalystUnavailableError

KEY = "AIzaSyA-canary_0123456789abcdefghijk"


@pytest.mark.parametrize(
    "said",
    [
        f"Consumer 'api_key:{KEY}' has been suspended.",
        f"bad key {KEY}",
        f"Incorrect API key provided: {KEY}. You can find yours in the console.",
    ],
)
def test_a_server_that_quotes_the_key_does_not_hand_it_on(said: str) -> None:
    assert KEY not in repeated(said, KEY)
    assert repeated(said, KEY).split()[0] == said.split(maxsplit=1)[0]


def test_a_key_that_was_cut_by_the_server_is_not_repeated_either() -> None:
    assert "AIzaSyA" not in repeated(f"API key: {KEY[:20]} is not valid", KEY)


@given(st.text(max_size=400), st.text(max_size=400))
def test_wherever_it_stands_it_is_gone(before: str, after: str) -> None:
    told = repeated(before + KEY + after, KEY)
    assert KEY not in told
    assert len(told) <= MOST_SAID


def test_words_about_keys_are_kept() -> None:
    said = "API key not valid. Please pass a valid API key."
    assert repeated(said, KEY) == said


@pytest.mark.parametrize(("told", "counted"), [(7, 7), (0, 0), (-5, 0), (None, 0), ("many", 0), ([1], 0), (1.5, 0)])
def test_what_is_no_number_of_tokens_costs_nothing(told: object, counted: int) -> None:
    assert count(told) == counted


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("INVALID_ARGUMENT", AnalystRejectedError),
        ("RESOURCE_EXHAUSTED", AnalystRateLimitedError),
        ("UNAVAILABLE", AnalystUnavailableError),
    ],
)
def test_words_about_a_key_mean_a_wrong_key_only_where_the_question_is_not_taken(
    status: str, error: type[Exception]
) -> None:
    assert type(told(Failed(status, "Quota exceeded for this API key"), "a-model", 5.0)) is error


@pytest.mark.parametrize("usage", ["none", ["a"], {"prompt_tokens": "many"}, {"prompt_tokens": -9}, None])
def test_an_answer_with_odd_figures_is_an_answer_that_cost_nothing(usage: object) -> None:
    choice = {"message": {"content": "{}"}, "finish_reason": "stop"}
    said = heard({"choices": [choice], "usage": usage, "model": "m" * 1_000_000}, "a-model")
    assert (said.text, said.tokens.prompt, said.tokens.output) == ("{}", 0, 0)
    assert len(said.model) == MOST_NAME
