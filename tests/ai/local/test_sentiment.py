"""The customer's sentiment and the evidence for it."""

from __future__ import annotations

import asyncio

import pytest

from signalstream.ai.local.sentiment import SentimentJudge
from signalstream.ai.local.voices import listen
from signalstream.models.intelligence import Emotion, Sentiment, SentimentLabel
from tests.ai.local.conversations import turn

JUDGE = SentimentJudge()


def judged(text: str, sender: str = "customer", context: tuple[tuple[str, str], ...] = ()) -> Sentiment:
    return asyncio.run(JUDGE.judge(listen(turn(text, sender, context), str)))[0]


@pytest.mark.parametrize(
    ("text", "label", "emotion"),
    [
        ("I have been on hold for two hours", "negative", "frustrated"),
        ("My flight was cancelled and I am still waiting", "negative", "frustrated"),
        ("You charged me twice", "negative", "frustrated"),
        ("This is unacceptable, worst service ever", "negative", "angry"),
        ("WHERE IS MY MONEY, IT IS MISSING", "negative", "angry"),
        ("It is broken and I need a new one asap", "negative", "urgent"),
        ("Please help me", "neutral", "neutral"),
        ("My order is number 1234", "neutral", "neutral"),
        ("I don't understand what this page says", "neutral", "confused"),
        ("Thank you", "positive", "satisfied"),
        ("Amazing, it works now, thanks!", "positive", "happy"),
        ("Esto es inaceptable, sigo esperando", "negative", "angry"),
        ("Muchas gracias", "positive", "satisfied"),
        ("C'est scandaleux", "negative", "angry"),
        ("Parfait, merci", "positive", "happy"),
        ("Das Gerät funktioniert nicht", "negative", "frustrated"),
        ("Vielen Dank", "positive", "satisfied"),
        ("Che schifo, nessuno risponde", "negative", "angry"),
        ("Obrigada, adorei", "positive", "happy"),
        ("😡😡", "negative", "angry"),
    ],
)
def test_support_messages_are_felt_as_a_reader_feels_them(text: str, label: str, emotion: str) -> None:
    result = judged(text)
    assert (result.sentiment, result.emotion) == (SentimentLabel(label), Emotion(emotion))


def test_thanks_at_the_end_of_a_complaint_are_politeness() -> None:
    assert judged("The app keeps crashing and nobody answers. Thanks").score < -0.3


def test_the_reasoning_names_cues_and_words() -> None:
    reasoning = judged("A terrible mess, charged twice").reasoning
    assert "wrong charge" in reasoning
    assert "terrible" in reasoning


def test_a_turn_of_an_agent_is_judged_by_the_customers_newest_message() -> None:
    context = (("customer", "Thank you so much, wonderful"), ("customer", "This is a disgrace, I am furious"))
    result = judged("Have a great and lovely day!", "agent", context)
    assert result.sentiment is SentimentLabel.NEGATIVE
    assert "customer's newest message" in result.reasoning


@pytest.mark.parametrize("sender", ["agent", "system"])
def test_without_a_word_of_the_customer_nothing_is_claimed(sender: str) -> None:
    result = judged("Hello, how are you? Great to see you!", sender)
    assert (result.sentiment, result.confidence, result.score) == (SentimentLabel.NEUTRAL, 0.0, 0.0)
    assert "has not written" in result.reasoning


def test_confidence_grows_with_the_evidence_and_falls_when_it_disagrees() -> None:
    weak, strong = judged("There is an error"), judged("Unacceptable error, useless and broken, I am furious")
    assert weak.confidence < strong.confidence
    assert judged("Great, broken again").confidence < judged("Broken again").confidence


def test_a_neutral_message_of_one_word_is_less_sure_than_a_sentence() -> None:
    assert judged("Okay").confidence < judged("My parcel went to the other house on the left").confidence


def test_placeholders_are_no_evidence() -> None:
    assert judged("[NAME_1] [EMAIL_1]").score == 0
