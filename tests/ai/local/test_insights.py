"""Intent, urgency, advice and escalation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.ai.local.advice import ACTIONS, RESPONSES
from signalstream.ai.local.insights import CONCERN_CHARACTERS, MOST_SENTENCES, analyse_insights
from signalstream.ai.local.intent_rules import GENERAL, INTENTS
from signalstream.ai.local.pii import redact
from signalstream.ai.local.requests import RequestJudge
from signalstream.ai.local.said import said_in
from signalstream.ai.local.voices import listen
from signalstream.models.intelligence import Insights, Urgency
from tests.ai.local.conversations import turn

CONTRACT = {
    *("Refund Request", "Technical Issue", "Billing Inquiry", "Feature Request"),
    *("Complaint", "General Inquiry", "Account Issue", "Cancellation"),
}


def insights(text: str, sender: str = "customer", context: tuple[tuple[str, str], ...] = ()) -> Insights:
    return analyse_insights(listen(turn(text, sender, context), redact))


def test_the_tables_speak_of_the_eight_intents_of_the_contract() -> None:
    assert set(INTENTS) == set(ACTIONS) == set(RESPONSES) == CONTRACT


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("I want my money back", "Refund Request"),
        ("Quiero el reembolso", "Refund Request"),
        ("The app crashes with an error", "Technical Issue"),
        ("Das Gerät funktioniert nicht", "Technical Issue"),
        ("Why is my invoice higher, you overcharged me", "Billing Inquiry"),
        ("Könnten Sie die Rechnung prüfen", "Billing Inquiry"),
        ("It would be great if you could add dark mode", "Feature Request"),
        ("I want to make a complaint, your agent was rude", "Complaint"),
        ("C'est inacceptable", "Complaint"),
        ("I can't log in, reset my password", "Account Issue"),
        ("Non riesco ad accedere", "Account Issue"),
        ("Please cancel my subscription", "Cancellation"),
        ("Quero cancelar", "Cancellation"),
        ("What are your opening hours?", "General Inquiry"),
    ],
)
def test_each_intent_is_known_by_its_cues(text: str, intent: str) -> None:
    assert insights(text).intent == intent


def test_what_no_rule_knows_is_a_general_inquiry_with_no_confidence() -> None:
    result = insights("Lorem ipsum")
    assert (result.intent, result.intent_confidence, result.urgency) == (GENERAL, 0.0, Urgency.LOW)


def test_one_hint_is_less_sure_than_several_cues_that_agree() -> None:
    assert insights("price").intent_confidence < insights("You overcharged me, see the invoice").intent_confidence < 1


def test_the_newest_message_outweighs_earlier_ones() -> None:
    context = (("customer", "The app crashes with an error"),)
    assert insights("Please refund me, I want my money back", context=context).intent == "Refund Request"


def test_an_earlier_message_speaks_where_the_newest_says_nothing() -> None:
    assert insights("Hello??", context=(("customer", "I want a refund"),)).intent == "Refund Request"


def test_what_agents_write_is_no_wish_of_the_customer() -> None:
    result = insights("We can refund or cancel or fix the outage", "agent")
    assert (result.intent, result.urgency, result.suggested_response) == (GENERAL, Urgency.LOW, None)


def test_a_reply_is_suggested_only_when_the_customer_spoke_last() -> None:
    assert insights("I want a refund").suggested_response
    assert insights("One moment", "agent", (("customer", "I want a refund"),)).suggested_response is None


@pytest.mark.parametrize(
    ("text", "escalates", "target"),
    [
        ("Someone hacked me", True, "1 hour"),
        ("This is unacceptable", True, "4 hours"),
        ("I need it by tomorrow", False, "4 hours"),
        ("I need it by tomorrow, get me a manager", True, "4 hours"),
        ("It is broken", False, "1 business day"),
        ("Hello", False, "3 business days"),
    ],
)
def test_escalation_and_resolution_time_follow_the_rubric(text: str, escalates: bool, target: str) -> None:
    result = insights(text)
    assert (result.requires_escalation, result.estimated_resolution_time) == (escalates, target)


def test_actions_begin_with_what_presses_and_mind_personal_data() -> None:
    result = insights("My account was hacked, my email is jane@example.com")
    assert "fraud team" in result.suggested_actions[0]
    assert any("personal data" in action for action in result.suggested_actions)
    assert len(result.suggested_actions) <= 6


def test_concerns_are_short_redacted_quotes_the_most_pressing_first() -> None:
    result = insights("It arrived damaged. Mail jane@example.com or I will sue you. " + "Broken " * 100)
    assert result.key_concerns[0] == "Mail [EMAIL_1] or I will sue you."
    assert all(len(concern) <= CONCERN_CHARACTERS for concern in result.key_concerns)


@given(st.text(max_size=200))
def test_a_message_cannot_talk_down_the_urgency_of_the_conversation(text: str) -> None:
    said = text if text.strip() else "ok"
    assert insights(said, context=(("customer", "There is smoke, it is on fire"),)).urgency is Urgency.CRITICAL


async def judged(text: str, sender: str = "customer", context: tuple[tuple[str, str], ...] = ()) -> Insights:
    """The insights with what rules find of requests and promises."""
    voices = listen(turn(text, sender, context), redact)
    said = said_in(voices)
    return analyse_insights(voices, None, said, await RequestJudge().judge(said))


async def test_requests_and_promises_are_sentences_with_their_message() -> None:
    context = (("customer", "It is broken. Please send me a new one."), ("agent", "Sure. I will send it today."))
    result = await judged("Thank you", context=context)
    assert [(one.text, one.sender, one.seq) for one in result.requests] == [
        ("Please send me a new one.", "customer", 1)
    ]
    assert [(one.text, one.sender, one.seq) for one in result.commitments] == [("I will send it today.", "agent", 2)]


async def test_what_is_suggested_follows_from_where_the_conversation_stands() -> None:
    broken = ("customer", "The lamp is broken, please help")
    first = await judged("The lamp is broken, please help")
    promised = await judged("And?", context=(broken, ("agent", "We will send you a new one.")))
    escalated = await judged("And?", context=(broken, ("agent", "I have forwarded this to our engineers.")))
    waiting = await judged("Which lamp do you have?", "agent", (broken,))
    solved = await judged("Thanks, it works now", context=(broken, ("agent", "Try the other switch.")))
    states = [one.standing for one in (first, promised, escalated, waiting, solved)]
    assert states == ["first contact", "promised", "escalated", "waiting for the customer", "solved"]
    assert "what was promised" in promised.suggested_actions[0]
    assert "specialist" in escalated.suggested_actions[0]
    assert waiting.suggested_actions == ("Wait for the customer's answer; remind after two days",)
    assert waiting.suggested_response is None
    assert solved.suggested_actions == ("Confirm that it is solved, and close the case",)
    assert len({one.suggested_response for one in (first, promised, escalated, solved)}) == 4


def test_a_fire_is_no_solved_case_whatever_the_newest_message_says() -> None:
    result = insights("it works now", context=(("customer", "There is smoke, it is on fire"),))
    assert result.urgency is Urgency.CRITICAL
    assert "specialist" in (result.suggested_response or "")


async def test_requests_and_promises_are_bounded_to_the_newest() -> None:
    result = await judged(" ".join(f"Please send me number {number}." for number in range(16)))
    assert len(result.requests) == MOST_SENTENCES
    assert result.requests[-1].text == "Please send me number 15."
