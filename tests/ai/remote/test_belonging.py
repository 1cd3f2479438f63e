"""Whose an entry is: what fits another conversation of the same question is not believed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.remote.belonging import words_of
from signalstream.ai.remote.incoming import Answers, read
from signalstream.ai.remote.outgoing import Outgoing, OutgoingTurn
from signalstream.ai.remote.prompts import PROMPTS, question_for
from signalstream.ai.remote.provider import Provider
from tests.ai.local.conversations import turn
from tests.ai.remote.turns import GOOD, patterns, prepared
from tests.gemini_fake.server import FakeGemini

TEXTS = (
    "My parcel with the blue vase never arrived and nobody at the depot answers",
    "The invoice of March lists a subscription that Zork Vantaggio cancelled",
    "Your app crashes whenever I open the camera on my tablet",
    "Wunderbar, die Lieferung der Gartenmöbel kam schon gestern",
    "アプリが起動できなくて困っています。返金をお願いします",
)
TURNS = tuple(prepared(text) for text in TEXTS)
REFUSED = "another conversation"


def entry_about(task: str, one: OutgoingTurn, id_: str) -> dict[str, Any]:
    """Return what a model that means well says of a turn, under an id."""
    text = one.turn.message.text
    told: dict[str, dict[str, Any]] = {
        "sentiment": {"evidence": text},
        "pii": {"entities": [{"quote": text.split()[-1][-12:], "kind": "name"}]},
        "insights": {"concerns": [text[:140]], "urgency_evidence": text[:140], "actions": ["Reply to the customer"]},
        "summary": {"tldr": f"The customer says: {text}", "customer_issue": text, "key_points": [text[:140]]},
    }
    return {"id": id_, **GOOD[task], **told[task]}


def answered(task: str, turns: Sequence[OutgoingTurn], order: Sequence[int]) -> Answers:
    """Return what is believed of an answer in which turn ``n`` has the entry about turn ``order[n]``."""
    entries = [entry_about(task, turns[about], one.id) for one, about in zip(turns, order, strict=True)]
    return read(task, {"results": entries}, turns)


@pytest.mark.parametrize("task", PROMPTS)
def test_what_each_turn_is_told_of_itself_is_believed(task: str) -> None:
    assert answered(task, TURNS, range(len(TURNS))).refused == {}


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(list(PROMPTS)), st.data())
def test_whatever_a_model_swaps_no_turn_gets_what_was_said_of_another(task: str, data: st.DataObject) -> None:
    turns = data.draw(st.lists(st.sampled_from(TURNS), min_size=2, unique_by=lambda one: one.id))
    order = data.draw(st.permutations(range(len(turns))))
    moved = {one.id for place, one in enumerate(turns) if order[place] != place}
    answers = answered(task, turns, order)
    assert {id_ for id_, reason in answers.refused.items() if REFUSED in reason} == moved
    assert set(answers.results) == {one.id for one in turns} - moved


def test_the_silent_entry_of_a_swapped_pair_is_not_believed_either() -> None:
    has_a_name, has_none = TURNS[1], TURNS[2]
    entities = [{"quote": "Zork Vantaggio", "kind": "name"}]
    swapped = [{"id": has_a_name.id, "entities": []}, {"id": has_none.id, "entities": entities}]
    assert set(read("pii", {"results": swapped}, [has_a_name, has_none]).refused) == {has_a_name.id, has_none.id}


def test_a_name_that_a_model_makes_up_or_that_both_hold_is_no_sign_of_a_swap() -> None:
    one, other = prepared("Ask Zork Vantaggio about it"), prepared("It was Zork Vantaggio again")
    for quote in ("Zork Vantaggio", "Somebody Else"):
        entities = [{"quote": quote, "kind": "name"}]
        value = {"results": [{"id": one.id, "entities": entities}, {"id": other.id, "entities": []}]}
        assert read("pii", value, [one, other]).refused == {}


def test_a_sentiment_that_rests_on_nothing_that_was_written_is_asked_again_alone() -> None:
    value = {
        "results": [entry_about("sentiment", TURNS[0], TURNS[0].id), entry_about("sentiment", TURNS[2], TURNS[2].id)]
    }
    value["results"][0]["evidence"] = "the weather is fine today"
    assert set(read("sentiment", value, TURNS[:3:2]).refused) == {TURNS[0].id}
    assert read("sentiment", {"results": value["results"][:1]}, TURNS[:1]).refused == {}


def test_evidence_may_leave_a_word_out_and_write_another_form() -> None:
    value = {"results": [entry_about("sentiment", one, one.id) for one in TURNS[:2]]}
    value["results"][0]["evidence"] = "parcel never ARRIVED … nobody answering"
    assert read("sentiment", value, TURNS[:2]).refused == {}


def test_what_every_answer_says_speaks_for_nobody() -> None:
    polite = prepared("Thank you for your message, a colleague of yours is looking into it")
    turns = [polite, TURNS[0], TURNS[2]]
    entries = [entry_about("insights", one, one.id) for one in turns]
    for entry in entries:
        entry["response"] = "Thank you for your message. A colleague is looking into it."
    assert read("insights", {"results": entries}, turns).refused == {}


def test_words_are_compared_folded_and_letters_of_scripts_without_spaces_in_pairs() -> None:
    assert words_of("Das Café, GRÖSSE 12!") == {"das", "cafe", "grosse", "12"}
    assert words_of("返金を") == {"返金", "金を"}


@pytest.mark.parametrize("task", PROMPTS)
async def test_a_model_that_swaps_ids_is_found_out_over_the_wire(
    task: str, provider: Provider, fake: FakeGemini
) -> None:
    outgoing = Outgoing(patterns())
    texts = ("The parcel 0001 0002 0003 is broken", "Thanks for the great sofa 0007 0008 0009")
    turns = await asyncio.gather(*(outgoing.redacted(turn(text)) for text in texts))
    fake.model.script.extend(["swapped", "ok"])
    swapped = await provider.ask(question_for(task, turns), 5)
    assert {one.id for one in turns} == set(read(task, swapped.value, turns).refused)
    whole = await provider.ask(question_for(task, turns), 5)
    assert read(task, whole.value, turns).refused == {}
