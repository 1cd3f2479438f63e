"""Insights of a model stand over the local rules' result: it can raise what they say, and never lower it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.local import advice
from signalstream.ai.local.taxonomy import Taxonomy
from signalstream.ai.remote.incoming import read
from signalstream.ai.remote.outgoing import OutgoingTurn
from signalstream.core.urgency import assess_urgency
from signalstream.models.intelligence import Insights, Urgency
from tests.ai.remote.turns import answer, prepared

FRAUD = prepared("Someone used my card, this is fraud. My mail is jane@x.example")
CALM = prepared("Which colours does it come in?")


def insights(given: OutgoingTurn, **changes: Any) -> Insights:
    result = read("insights", answer("insights", given, **changes), [given]).results[given.id]
    assert isinstance(result, Insights)
    return result


@settings(deadline=None)
@given(st.sampled_from(Urgency), st.booleans())
def test_the_urgency_is_the_higher_one_of_model_and_rules(said: Urgency, escalate: bool) -> None:
    for one in (FRAUD, CALM):
        floor = assess_urgency(one.turn.message.text).urgency
        result = insights(one, urgency=said.value, escalate=escalate)
        assert result.urgency.rank == max(said.rank, floor.rank)
        assert result.estimated_resolution_time == advice.RESOLUTION_TARGETS[result.urgency]
        assert result.requires_escalation >= (escalate or result.urgency is Urgency.CRITICAL)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_words_around_a_grave_matter_lower_it(around: str) -> None:
    turn = prepared(f"{around}\nthis is fraud and a security breach\n{around}")
    result = insights(turn, urgency="Low", escalate=False, actions=[])
    assert (result.urgency, result.requires_escalation) == (Urgency.CRITICAL, True)


def test_a_raised_urgency_says_that_the_model_raised_it_and_why() -> None:
    result = insights(CALM, urgency="High", urgency_evidence="a wedding tomorrow")
    assert result.urgency_reasons == ("the model: a wedding tomorrow",)
    assert insights(CALM, urgency="High", urgency_evidence="").urgency_reasons == ("the model: no reason named",)
    assert insights(CALM, urgency="Low").urgency_reasons == ()


def test_what_the_rules_insist_on_comes_first_and_protecting_the_data_last() -> None:
    actions = insights(FRAUD, actions=["Call the customer", "Call the customer", "b", "c", "d", "e"]).suggested_actions
    assert actions[0] == advice.BY_REASON["fraud or a security breach"]
    assert actions[-1] == advice.PROTECT
    assert "Call the customer" in actions
    assert len(actions) <= 6


def test_a_model_that_escalates_brings_in_a_senior_agent() -> None:
    result = insights(CALM, escalate=True)
    assert result.requires_escalation
    assert advice.ESCALATE in result.suggested_actions


def test_where_the_model_names_the_intent_alone_the_rules_words_are_for_that_intent() -> None:
    result = insights(CALM, intent="Refund Request", actions=[], concerns=[], response=" ")
    assert result.intent == "Refund Request"
    assert result.suggested_actions == advice.ACTIONS["Refund Request"]
    assert result.suggested_response == advice.RESPONSES["Refund Request"]


def test_a_reply_is_suggested_to_the_customers_message_only() -> None:
    given = prepared("I refunded it", sender="agent", context=(("customer", "I was charged twice"),))
    assert insights(given).suggested_response is None


def test_standing_requests_promises_and_categories_are_found_here() -> None:
    context = (("customer", "Please refund the double charge"), ("agent", "I will send the refund today."))
    result = insights(prepared("Thanks. Could you tell me when?", context=context))
    assert result.standing == "promised"
    assert "Please refund the double charge" in [one.text for one in result.requests]
    assert [one.text for one in result.commitments] == ["I will send the refund today."]
    assert "billing" in result.categories


def test_an_intent_is_one_of_the_tenants_labels_in_its_own_spelling() -> None:
    given = prepared("hi", taxonomies={"demo": Taxonomy({"Lost  Parcel": ("x",), "Praise": ("y",)})})
    assert insights(given, intent="lost parcel").intent == "Lost  Parcel"
    refused = read("insights", answer("insights", given), [given]).refused
    assert "intent that there is not" in refused[given.id]
