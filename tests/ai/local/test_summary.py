"""The extractive summary, by rules and by vectors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.local.minilm import DIMENSIONS, Vectors
from signalstream.ai.local.pii import redact
from signalstream.ai.local.requests import RequestJudge
from signalstream.ai.local.said import SENTENCE_CHARACTERS, SENTENCES_READ, SPEAKERS, said_in
from signalstream.ai.local.summary import BY_RULES, BY_VECTORS, TLDR_CHARACTERS, TLDR_WORDS, Summarizer
from signalstream.ai.local.voices import listen
from signalstream.core.text import shortened
from signalstream.models.intelligence import Summary
from tests.ai.local.conversations import turn

CONTEXT = (
    ("customer", "Hello. I was charged twice for my order and I am angry."),
    ("agent", "Hello! Thanks for contacting us."),
    ("customer", "Are you there? I need the money by tomorrow."),
)


class WordVectors:
    """An Embedder for tests: texts that share words are near each other. ``asked`` is what it was given."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        rows = np.full((len(texts), DIMENSIONS), 1e-3, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[sum(map(ord, word)) % DIMENSIONS] += 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def summary(
    text: str, sender: str = "customer", context: tuple[tuple[str, str], ...] = (), vectors: WordVectors | None = None
) -> Summary:
    said = said_in(listen(turn(text, sender, context), redact))

    async def made() -> Summary:
        return await Summarizer(vectors).summarise(said, await RequestJudge().judge(said))

    return asyncio.run(made())


def test_the_speakers_are_named() -> None:
    result = summary("We will refund you within 24 hours.", "agent", CONTEXT)
    assert result.customer_issue == "Customer: I was charged twice for my order and I am angry."
    assert result.agent_response == "Agent: We will refund you within 24 hours."
    assert "Customer: I was charged twice" in result.tldr
    assert "Agent: We will refund" in result.tldr


def test_a_mood_is_no_issue_where_a_matter_is_known() -> None:
    result = summary("I am still waiting! This is ridiculous.", context=(("customer", "My parcel never arrived."),))
    assert result.customer_issue == "Customer: My parcel never arrived."


def test_key_points_are_the_telling_sentences_in_the_order_they_were_said() -> None:
    result = summary("We will refund you within 24 hours.", "agent", CONTEXT)
    assert result.key_points[0] == "Customer: I was charged twice for my order and I am angry."
    assert result.key_points[-1] == "Agent: We will refund you within 24 hours."
    assert "Customer: Hello." not in result.key_points


def test_next_steps_are_promises_and_requests_the_newest_first() -> None:
    result = summary("We will refund you. Please send the receipt. The sky is blue.", "agent", CONTEXT)
    assert result.next_steps[:2] == ("Agent: send the receipt.", "Agent: We will refund you.")
    assert not any("sky" in step for step in result.next_steps)


def test_without_an_agent_there_is_no_agent_response() -> None:
    assert summary("My lamp is broken").agent_response is None


def test_without_a_customer_nothing_is_put_into_their_mouth() -> None:
    assert summary("Hello, how can I help?", "agent").customer_issue == "Customer: nothing yet."


def test_the_own_message_is_redacted_before_it_is_read() -> None:
    vectors = WordVectors()
    result = summary("Please refund me, my card is 4111 1111 1111 1111.", context=CONTEXT, vectors=vectors)
    assert "4111" not in result.model_dump_json() + "".join(vectors.asked)
    assert "[CREDIT_CARD_1]" in result.customer_issue


def test_every_sentence_points_to_its_message() -> None:
    for vectors in (None, WordVectors()):
        result = summary("We will refund you within 24 hours.", "agent", CONTEXT, vectors)
        lines = {
            seq: (who, text)
            for seq, (who, text) in enumerate((*CONTEXT, ("agent", "We will refund you within 24 hours.")), 1)
        }
        for source in result.sources:
            assert (source.sender, source.message_id.int) == (lines[source.seq][0], source.seq)
            assert source.text in lines[source.seq][1]
        for shown in (result.customer_issue, result.agent_response, *result.key_points, *result.next_steps):
            assert shown is not None
            speaker, _, text = shown.partition(": ")
            assert any(SPEAKERS[one.sender] == speaker and text in one.text for one in result.sources)


def test_what_is_near_the_middle_is_told_and_not_said_twice() -> None:
    parcel = (
        ("customer", "My parcel with the lamp is late again."),
        ("agent", "The parcel with the lamp left the depot late."),
        ("customer", "My parcel with the lamp is late again."),
        ("agent", "Lovely weather outside over there."),
        ("customer", "So when will the parcel with the lamp come, late or never?"),
    )
    result = summary("Whatever, goodbye then friend of mine.", context=parcel, vectors=WordVectors())
    assert result.tldr.count("My parcel with the lamp is late again.") == 1
    assert "weather" not in result.tldr
    assert "Agent: The parcel with the lamp left" in result.tldr


def test_few_sentences_are_told_without_a_model() -> None:
    vectors = WordVectors()
    assert "broken" in summary("My lamp is broken", vectors=vectors).tldr
    assert vectors.asked == []
    assert (Summarizer().engine, Summarizer(vectors).engine) == (BY_RULES, BY_VECTORS)


@settings(deadline=None, max_examples=40)
@given(st.text(min_size=1, max_size=400).filter(str.strip), st.booleans())
def test_any_text_is_summed_up_within_bounds(text: str, by_vectors: bool) -> None:
    assert_bounded(summary(text, context=CONTEXT, vectors=WordVectors() if by_vectors else None))


def test_everything_is_bounded() -> None:
    for vectors in (None, WordVectors()):
        long = "I was charged twice and it is broken " * 250
        context = tuple(("agent", f"We will help you {number}, please wait. " * 50) for number in range(20))
        result = summary(long, context=context, vectors=vectors)
        assert_bounded(result)
        assert vectors is None or len(vectors.asked) <= SENTENCES_READ


def assert_bounded(result: Summary) -> None:
    assert len(result.tldr.replace("\u2026", "").split()) <= TLDR_WORDS
    assert len(result.tldr) <= TLDR_CHARACTERS
    assert max(map(len, (*result.key_points, *result.next_steps, result.customer_issue))) <= SENTENCE_CHARACTERS
    assert len(result.key_points) <= 5
    assert len(result.next_steps) <= 4
    assert len(result.sources) <= 3 + 5 + 4 + 2
    assert all(one.text == shortened(one.text, SENTENCE_CHARACTERS) for one in result.sources)
