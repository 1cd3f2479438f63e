from __future__ import annotations

import asyncio

import pytest

from signalstream.ai.remote.provider import Question
from signalstream.ai.remote.watching import WatchedProvider, posed
from signalstream.errors import AnalystBadOutputError, AnalystRefusedError, AnalystUnavailableError
from tests.fakes import FakeProvider

QUESTION = Question("sentiment-v1", "instructions", "data", {}, 100)


@pytest.mark.parametrize(
    ("error", "answered"),
    [
        (AnalystRefusedError("blocked"), True),
        (AnalystBadOutputError("cut"), True),
        (AnalystUnavailableError("no route"), False),
    ],
)
async def test_a_refusal_is_an_answer_and_silence_is_none(error, answered):
    noted: list[bool] = []
    watched = WatchedProvider(FakeProvider([error]), noted.append)

    with pytest.raises(type(error)):
        await watched.ask(QUESTION, 1)
    await watched.ask(QUESTION, 1)

    assert noted == [answered, True]


async def test_an_attempt_that_is_broken_off_counts_as_silence():
    noted: list[bool] = []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await WatchedProvider(FakeProvider([None]), noted.append).ask(QUESTION, 60)

    assert noted == [False]


async def test_the_asker_is_told_when_its_question_reaches_the_model_and_the_model_gets_it_as_it_is():
    provider, told = FakeProvider(), asyncio.Event()
    await WatchedProvider(provider, lambda _: None).ask(posed(QUESTION, told.set), 1)

    assert told.is_set()
    [asked] = provider.questions
    assert (asked.name, asked.data, asked.max_output_tokens) == ("sentiment-v1", "data", 100)


async def test_it_goes_by_the_providers_name_and_opens_and_closes_it():
    provider = FakeProvider()
    watched = WatchedProvider(provider, lambda _: None)
    await watched.start()
    assert (provider.started, watched.name, watched.model) == (True, "fake", "fake-1")
    await watched.stop()
    assert not provider.started
