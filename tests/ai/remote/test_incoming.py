"""Entries are matched by id and believed one by one; what is left out has a reason that quotes nobody."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.remote.incoming import read
from signalstream.ai.remote.prompts import PROMPTS
from signalstream.ai.results import result_of
from signalstream.errors import AnalystBadOutputError, AnalystRefusedError
from signalstream.models.intelligence import Insights
from tests.ai.remote.turns import GOOD, answer, prepared

ONE = prepared("I was charged twice, jane@x.example", context=(("customer", "hi, kim@x.example"), ("agent", "hello")))
OTHER = prepared("My card was charged twice and nobody answers")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("task", PROMPTS)
def test_every_turn_gets_the_result_of_its_own_entry_whatever_the_order(task: str) -> None:
    value = answer(task, ONE, OTHER)
    value["results"].reverse()
    found = read(task, value, [ONE, OTHER]).results
    assert set(found) == {ONE.id, OTHER.id}
    assert all(type(one) is result_of(task) for one in found.values())


def test_one_bad_entry_costs_no_other() -> None:
    value = answer("insights", ONE, OTHER)
    value["results"][0]["urgency"] = "Whenever"
    answers = read("insights", value, [ONE, OTHER])
    assert answers.refused == {ONE.id: "the entry of insights-v1 cannot be used: enum at urgency"}
    assert set(answers.results) == {OTHER.id}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "somebody"}, "not there"),
        ({"pwned jane@x.example": 1}, "extra_forbidden at the top"),
        ({"response": None}, "string_type at response"),
        ({"actions": "call"}, "tuple_type at actions"),
        ({"actions": ["x"] * 200}, "too_long at actions"),
        ({"response": "x" * 5_000}, "string_too_long at response"),
        ({"intent_confidence": 0.9}, "int_from_float at intent_confidence"),
        ({"intent": "Lunch"}, "intent that there is not"),
        ({"response": "I wrote to [EMAIL_7]"}, "placeholder that was not sent"),
        ({"response": "I wrote to [EMA\u200bIL_7]"}, "placeholder that was not sent"),
        ({"concerns": [f"about {ONE.id}"]}, "id of a conversation"),
        ({"concerns": [f"about {OTHER.id}"]}, "id of a conversation"),
    ],
)
def test_what_cannot_be_used_is_left_out_with_a_reason_that_quotes_nobody(change: dict[str, Any], reason: str) -> None:
    value = answer("insights", ONE, OTHER)
    value["results"][0].update(change)
    answers = read("insights", value, [ONE, OTHER])
    assert reason in answers.refused[ONE.id]
    assert set(answers.results) == {OTHER.id}
    assert "jane" not in answers.refused[ONE.id]


def test_a_bad_quote_says_where_it_is() -> None:
    value = answer("pii", ONE, entities=[{"quote": "x", "kind": "name"}, {"quote": "x", "kind": "secret"}])
    assert "enum at entities.1.kind" in read("pii", value, [ONE]).refused[ONE.id]


def test_an_entry_that_comes_twice_is_believed_neither_time() -> None:
    value = answer("sentiment", ONE, ONE, OTHER)
    answers = read("sentiment", value, [ONE, OTHER])
    assert "more than once" in answers.refused[ONE.id]
    assert set(answers.results) == {OTHER.id}


@pytest.mark.parametrize("value", [{}, {"results": {}}, {"results": None}, {"result": []}, {"results": [], "x": 1}])
def test_an_answer_of_another_form_is_bad_output(value: dict[str, Any]) -> None:
    with pytest.raises(AnalystBadOutputError, match="the answer to pii-v1 is not"):
        read("pii", value, [ONE])


def test_a_task_without_a_prompt_is_refused() -> None:
    with pytest.raises(AnalystRefusedError, match="language"):
        read("language", {"results": []}, [ONE])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(PROMPTS)), st.lists(JSON, max_size=3), st.data())
def test_no_answer_whatever_makes_anything_but_a_result_or_a_reason(
    task: str, noise: list[Any], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(list(GOOD[task])))
    value = answer(task, ONE, **{name: data.draw(JSON)})
    value["results"] += noise
    answers = read(task, value, [ONE, OTHER])
    assert set(answers.results) | set(answers.refused) == {ONE.id, OTHER.id}
    for result in answers.results.values():
        assert type(result).model_validate_json(result.model_dump_json()) == result


@settings(max_examples=200, deadline=None)
@given(
    st.integers(), st.integers(), st.text(st.characters(), max_size=600), st.lists(st.text(max_size=300), max_size=9)
)
def test_figures_are_clamped_and_texts_bounded(score: int, percent: int, text: str, items: list[str]) -> None:
    told = read("sentiment", answer("sentiment", ONE, score=score, confidence=percent, evidence=text), [ONE])
    assert set(told.results) | set(told.refused) == {ONE.id}
    value = answer("insights", ONE, intent_confidence=percent, response=text, concerns=items, actions=items)
    for result in read("insights", value, [ONE]).results.values():
        assert isinstance(result, Insights)
        assert 0 <= result.intent_confidence <= 1
        assert len(result.suggested_response or "") <= 800
        assert len(result.key_concerns) <= 3
        assert len(result.suggested_actions) <= 6
        assert all(len(one) <= 140 for one in (*result.key_concerns, *result.suggested_actions))


def test_results_hold_placeholders_and_never_the_values() -> None:
    [mine] = set(ONE.originals())
    value = answer("insights", ONE, response=f"I have written to {mine}.")
    result = read("insights", value, [ONE]).results[ONE.id]
    assert isinstance(result, Insights)
    assert result.suggested_response == f"I have written to {mine}."
    assert "jane" not in result.model_dump_json()
