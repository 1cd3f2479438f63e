"""The extractive summary."""

from __future__ import annotations

from signalstream.ai.local.pii import redact
from signalstream.ai.local.summary import SENTENCE_CHARACTERS, TLDR_CHARACTERS, analyse_summary
from signalstream.ai.local.voices import listen
from signalstream.models.intelligence import Summary
from tests.ai.local.conversations import turn

CONTEXT = (
    ("customer", "Hello. I was charged twice for my order and I am angry."),
    ("agent", "Hello! Thanks for contacting us."),
    ("customer", "Are you there? I need the money by tomorrow."),
)


def summary(text: str, sender: str = "customer", context: tuple[tuple[str, str], ...] = ()) -> Summary:
    return analyse_summary(listen(turn(text, sender, context), redact))


def test_the_speakers_are_named() -> None:
    result = summary("We will refund you within 24 hours.", "agent", CONTEXT)
    assert result.customer_issue == "Customer: I need the money by tomorrow."
    assert result.agent_response == "Agent: We will refund you within 24 hours."
    assert result.tldr.startswith("Billing Inquiry. Customer: I need the money")
    assert "Agent: We will refund" in result.tldr


def test_key_points_are_the_telling_sentences_in_the_order_they_were_said() -> None:
    result = summary("We will refund you within 24 hours.", "agent", CONTEXT)
    assert result.key_points[0] == "Customer: I was charged twice for my order and I am angry."
    assert result.key_points[-1] == "Agent: We will refund you within 24 hours."
    assert "Customer: Hello." not in result.key_points


def test_next_steps_are_promises_and_requests() -> None:
    result = summary("We will refund you. Please send the receipt. The sky is blue.", "agent", CONTEXT)
    assert "Agent: We will refund you." in result.next_steps
    assert "Agent: Please send the receipt." in result.next_steps
    assert not any("sky" in step for step in result.next_steps)


def test_without_an_agent_there_is_no_agent_response() -> None:
    assert summary("My lamp is broken").agent_response is None


def test_without_a_customer_nothing_is_put_into_their_mouth() -> None:
    assert summary("Hello, how can I help?", "agent").customer_issue == "Customer: nothing yet."


def test_the_own_message_is_redacted_before_it_is_read() -> None:
    result = summary("Please refund me, my card is 4111 1111 1111 1111.")
    assert "4111" not in result.model_dump_json()
    assert "[CREDIT_CARD_1]" in result.customer_issue


def test_everything_is_bounded() -> None:
    long = "I was charged twice and it is broken " * 250
    result = summary(long, context=tuple(("agent", "We will help you, please wait. " * 50) for _ in range(20)))
    assert len(result.tldr) <= TLDR_CHARACTERS
    assert max(map(len, (*result.key_points, *result.next_steps, result.customer_issue))) <= SENTENCE_CHARACTERS
    assert len(result.key_points) <= 5
    assert len(result.next_steps) <= 4
