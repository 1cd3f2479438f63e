"""Sentiment by the trained head: support messages it has never seen, with the evidence named."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from signalstream.ai.evaluation.sentiment import measure
from signalstream.ai.local.encoder import Encoder
from signalstream.ai.local.models import LocalModels, load_models
from signalstream.ai.local.sentiment import BY_HEAD, BY_RULES, SentimentJudge
from signalstream.ai.local.sentiment_evidence import EvidenceFinder
from signalstream.ai.local.sentiment_signs import SIGNS, sentiment_signs
from signalstream.ai.local.voices import listen
from signalstream.models.intelligence import SentimentLabel, Trend
from tests.ai.local.conversations import turn
from tests.ai.local.support_messages import LABELLED


@pytest.fixture(scope="module")
def models() -> LocalModels:
    return load_models({})


@pytest.fixture
async def judge(models: LocalModels) -> AsyncIterator[SentimentJudge]:
    assert isinstance(models.encoder, Encoder)
    models.encoder.start()
    yield SentimentJudge(models.encoder, models.heads["sentiment"])
    await models.encoder.stop()


async def test_support_messages_are_felt_as_a_reader_feels_them(judge: SentimentJudge) -> None:
    judged = [(await judge.message(text)).label.value for text, _ in LABELLED]
    figures = measure([label for _, label in LABELLED], judged)
    assert figures["macro_f1"] > 0.87
    assert min(figures[f"recall_{label}"] for label in ("positive", "neutral", "negative")) > 0.8


async def test_it_beats_the_rules_by_far(judge: SentimentJudge) -> None:
    truth = [label for _, label in LABELLED]
    by_head = [(await judge.message(text)).label.value for text, _ in LABELLED]
    by_rules = [(await SentimentJudge().message(text)).label.value for text, _ in LABELLED]
    assert measure(truth, by_head)["macro_f1"] > measure(truth, by_rules)["macro_f1"] + 0.1


async def test_who_is_surer_is_more_often_right(judge: SentimentJudge) -> None:
    rows = [(await judge.message(text), label) for text, label in LABELLED]
    sure = [one.label.value == label for one, label in rows if one.confidence >= 0.8]
    unsure = [one.label.value == label for one, label in rows if one.confidence < 0.6]
    assert sum(sure) / len(sure) > 0.9
    assert sum(sure) / len(sure) > sum(unsure) / len(unsure)


@pytest.mark.parametrize(
    "text", ["Esto es inaceptable, sigo esperando", "Das Gerät funktioniert nicht", "😡😡", "你好"]
)
async def test_what_the_head_has_not_learned_is_left_to_the_rules(judge: SentimentJudge, text: str) -> None:
    assert (await judge.message(text)).engine == BY_RULES
    assert (await judge.message("My order arrived broken")).engine == BY_HEAD


async def test_the_answer_names_its_engine_its_evidence_and_the_way_of_the_conversation(judge: SentimentJudge) -> None:
    context = (("customer", "You charged me twice and nobody answers"), ("agent", "We have refunded it, sorry"))
    result, engine = await judge.judge(listen(turn("Great, thank you so much", "customer", context), str))
    assert engine == BY_HEAD
    assert result.sentiment is SentimentLabel.POSITIVE
    assert "great" in result.reasoning
    assert result.conversation is not None
    assert (result.conversation.trend, result.conversation.messages) == (Trend.IMPROVING, 2)
    assert result.conversation.begin < 0 < result.conversation.end == result.score


async def test_a_message_without_evidence_words_is_judged_as_a_whole(judge: SentimentJudge) -> None:
    result, _ = await judge.judge(listen(turn("so it is what it was"), str))
    assert "the message as a whole" in result.reasoning


def test_signs_have_names_and_a_bounded_size() -> None:
    finder = EvidenceFinder()
    for text in ("", "WHY?! " * 500, "thanks " * 2_000, *(text for text, _ in LABELLED)):
        signs = sentiment_signs(text, finder.find(text))
        assert len(signs) == len(SIGNS) == len(set(SIGNS))
