"""The four prompts over real gRPC with TLS and real HTTP: what each adapter brings back can be used, entry by entry."""

from __future__ import annotations

import asyncio

import pytest

from signalstream.ai.remote.incoming import read
from signalstream.ai.remote.outgoing import Outgoing
from signalstream.ai.remote.prompts import PROMPTS, question_for
from signalstream.ai.remote.provider import Provider
from signalstream.ai.results import result_of
from signalstream.models.intelligence import Insights, Sentiment, Urgency
from tests.ai.local.conversations import turn
from tests.ai.remote.injections import INJECTIONS
from tests.ai.remote.turns import patterns

TEXTS = (
    "I love it, thank you!",
    "It broke, I am furious. Someone used my card, this is fraud!",
    "jane@x.example asks why",
)


@pytest.mark.parametrize("task", PROMPTS)
async def test_every_entry_of_a_gathered_answer_becomes_a_result(task: str, provider: Provider) -> None:
    outgoing = Outgoing(patterns())
    turns = await asyncio.gather(*(outgoing.redacted(turn(text, context=(("agent", "Hi"),))) for text in TEXTS))
    reply = await provider.ask(question_for(task, turns), 5)
    answers = read(task, reply.value, turns)
    assert answers.refused == {}
    assert [type(answers.results[one.id]) for one in turns] == [result_of(task)] * len(TEXTS)
    found = [answers.results[one.id] for one in turns]
    if isinstance(found[0], Sentiment) and isinstance(found[1], Sentiment):
        assert (found[0].sentiment, found[1].sentiment) == ("positive", "negative")
    if isinstance(found[1], Insights):
        assert found[1].urgency is Urgency.CRITICAL


@pytest.mark.parametrize("task", PROMPTS)
async def test_injected_orders_travel_as_data_and_are_answered_like_any_other(task: str, provider: Provider) -> None:
    outgoing = Outgoing(patterns())
    for at in range(0, len(INJECTIONS), 10):
        turns = [await outgoing.redacted(turn(one.text)) for one in INJECTIONS[at : at + 10]]
        reply = await provider.ask(question_for(task, turns), 5)
        answers = read(task, reply.value, turns)
        assert set(answers.results) == {one.id for one in turns}, answers.refused
