"""A summary of a model is kept where its figures were said, with the sentences that it rests on."""

from __future__ import annotations

from typing import Any

import pytest

from signalstream.ai.remote.incoming import read
from signalstream.ai.remote.outgoing import OutgoingTurn
from signalstream.models.intelligence import Summary
from tests.ai.remote.turns import answer, prepared

GIVEN = prepared(
    "It is 49.90 twice, on 12 March. Thanks for looking.",
    context=(("customer", "Hi. I was charged twice for my order."), ("agent", "I am checking it.")),
)


def summary(given: OutgoingTurn = GIVEN, **changes: Any) -> Summary:
    result = read("summary", answer("summary", given, **changes), [given]).results[given.id]
    assert isinstance(result, Summary)
    return result


def refused(**changes: Any) -> str:
    return read("summary", answer("summary", GIVEN, **changes), [GIVEN]).refused[GIVEN.id]


def test_the_models_words_come_with_sentences_of_the_messages_that_it_names() -> None:
    result = summary(lines=[3, 1, 1, 99, -1], tldr="The customer was charged twice: 49.90 on 12 March.")
    assert result.tldr == "The customer was charged twice: 49.90 on 12 March."
    assert [(one.seq, one.text) for one in result.sources] == [
        (1, "I was charged twice for my order."),
        (3, "It is 49.90 twice, on 12 March."),
    ]


def test_a_summary_that_rests_on_nothing_is_refused() -> None:
    assert "names no message" in refused(lines=[])
    assert "names no message" in refused(lines=[99])


def test_a_figure_that_nobody_said_is_refused_or_dropped() -> None:
    assert "figure" in refused(tldr="The customer wants 500 back.")
    assert "figure" in refused(customer_issue="Charged 3 times 49.90 in 2019.")
    assert "figure" in refused(agent_response="The agent promised it within 24 hours.")
    result = summary(key_points=["Paid 49.90", "Paid 17.50"], next_steps=["Refund within 48 hours", "Check it"])
    assert (result.key_points, result.next_steps) == (("Paid 49.90",), ("Check it",))


@pytest.mark.parametrize("field", ["tldr", "customer_issue"])
def test_an_empty_summary_is_refused(field: str) -> None:
    assert "empty" in refused(**{field: " \u200b "})


def test_an_agent_who_has_not_written_has_not_responded() -> None:
    assert summary(agent_response="The agent checks it.").agent_response == "The agent checks it."
    assert summary(agent_response="").agent_response is None
    assert summary(prepared("I was charged twice"), agent_response="The agent checks it.").agent_response is None
