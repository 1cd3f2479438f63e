"""What an entry becomes: the model's verdicts in the domain's form, and the rest by local rules."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.local.pii_finder import analyse_pii
from signalstream.ai.local.pii_policy import Policies, Policy
from signalstream.ai.local.sentiment import NOTHING_WRITTEN
from signalstream.ai.remote.incoming import read
from signalstream.ai.remote.outgoing import OutgoingTurn
from signalstream.models.intelligence import Pii, Sentiment, SentimentLabel, Trend
from tests.ai.local.conversations import turn
from tests.ai.remote.turns import answer, patterns, prepared


def sentiment(given: OutgoingTurn, **changes: Any) -> Sentiment:
    result = read("sentiment", answer("sentiment", given, **changes), [given]).results[given.id]
    assert isinstance(result, Sentiment)
    return result


def pii(given: OutgoingTurn, *quotes: tuple[str, str]) -> Pii:
    entities = [{"quote": quote, "kind": kind} for quote, kind in quotes]
    result = read("pii", answer("pii", given, entities=entities), [given]).results[given.id]
    assert isinstance(result, Pii)
    return result


def test_the_models_verdict_is_in_the_domains_units_with_its_evidence() -> None:
    result = sentiment(prepared("I was charged twice"))
    assert (result.sentiment, result.confidence, result.score) == ("negative", 0.9, -0.7)
    assert result.reasoning == "Negative, score -0.70; charged twice and nobody answers"


@settings(deadline=None)
@given(st.sampled_from(SentimentLabel), st.integers(-300, 300), st.integers(-50, 200))
def test_a_score_never_contradicts_its_label(label: SentimentLabel, score: int, percent: int) -> None:
    result = sentiment(TURN, sentiment=label.value, score=score, confidence=percent)
    assert not (label == "positive" and result.score < 0)
    assert not (label == "negative" and result.score > 0)
    assert 0 <= result.confidence <= 1
    assert result.conversation is not None
    assert result.conversation.end == result.score


TURN = prepared("hello there")


def test_the_trend_over_the_conversation_is_computed_here() -> None:
    given = prepared("no, it is broken again", context=(("customer", "Great, thank you so much!"), ("agent", "Awful!")))
    mood = sentiment(given, score=-80).conversation
    assert mood is not None
    assert (mood.messages, mood.trend, mood.end) == (2, Trend.WORSENING, -0.8)
    assert mood.begin > 0.5


def test_before_the_customer_wrote_there_is_no_sentiment_whatever_a_model_says() -> None:
    assert sentiment(prepared("I am furious about myself", sender="agent")) == NOTHING_WRITTEN


def test_it_is_said_when_the_judged_message_is_not_the_turns_own() -> None:
    given = prepared("I will look", sender="agent", context=(("customer", "It broke"),))
    assert "of the customer's newest message" in sentiment(given).reasoning


def test_local_findings_are_always_there_and_the_models_are_added_with_offsets_of_ours() -> None:
    text = "🙂 jane@x.example wrote for little Zork Vantaggio. I mean Zork Vantaggio!"
    result = pii(prepared(text), ("zork  vantaggio", "name"), ("not there", "name"), ("jane@x.example", "username"))
    found = [(one.type, text[one.start_index : one.end_index], one.detector) for one in result.entities]
    assert found[0][:2] == ("email", "jane@x.example")
    assert found[1:] == [("name", "Zork Vantaggio", "remote")] * 2
    assert "Zork" not in result.redacted_text
    assert result.entities[1].placeholder == result.entities[2].placeholder


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.sampled_from(["name", "address", "phone"])), max_size=5), st.data())
def test_no_quote_uncovers_what_was_found_locally(quotes: list[tuple[str, str]], data: st.DataObject) -> None:
    text = "I am jane@x.example, card 4111 1111 1111 1111, at 12 Main Street, Springfield, IL 62704"
    start = data.draw(st.integers(0, len(text) - 1))
    quotes.append((text[start : start + data.draw(st.integers(1, 40))], "name"))
    result = pii(prepared(text), *quotes)
    local = asyncio.run(analyse_pii(patterns(), turn(text)))
    covered = {place for one in result.entities for place in range(one.start_index, one.end_index)}
    assert {place for one in local.entities for place in range(one.start_index, one.end_index)} <= covered
    assert "jane" not in result.redacted_text
    assert "4111" not in result.redacted_text
    assert result.has_pii


def test_what_the_tenant_allows_is_not_taken_out_because_a_model_quotes_it() -> None:
    policy = Policy(allow={"name": ("Zork Shop",)}, thresholds={"username": 0.8})
    given = prepared("The Zork Shop knows me as zork77", policies=Policies(default=policy))
    assert not pii(given, ("Zork Shop", "name"), ("zork77", "username")).has_pii


@pytest.mark.parametrize("quote", ["", "[EMAIL_1]", "x" * 3_000])
def test_a_quote_of_nothing_changes_nothing(quote: str) -> None:
    given = prepared("I am jane@x.example")
    assert pii(given, (quote, "name")) == pii(given)
