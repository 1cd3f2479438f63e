"""What both adapters promise, over real gRPC with TLS and real HTTP, fault by fault."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from signalstream.ai.remote.provider import Provider, Reply
from signalstream.errors import AnalystBadOutputError, AnalystError, AnalystRateLimitedError, AnalystUnavailableError
from tests.ai.remote.contract import MODEL, OUTCOMES, PATIENCE, Connect, question, told_in_full
from tests.gemini_fake.faults import ALL_FAULTS, ERRORS
from tests.gemini_fake.server import FakeGemini

SHORT = 0.4


async def failure(provider: Provider, seconds: float = PATIENCE) -> AnalystError:
    async with asyncio.timeout(seconds + 3):
        with pytest.raises(AnalystError) as caught:
            await provider.ask(question(), seconds)
    return caught.value


async def test_a_question_is_answered_with_what_it_cost(provider: Provider) -> None:
    reply = await provider.ask(question("I love it, thanks!"), PATIENCE)

    assert reply.value["results"] == [
        {"id": "m1", "evidence": "I love it, thanks!", "sentiment": "positive", "score": 67}
    ]
    assert reply.model == MODEL
    assert reply.tokens.prompt > 50
    assert reply.tokens.output > 10


async def test_gathered_conversations_are_answered_each_under_its_id(provider: Provider) -> None:
    reply = await provider.ask(question("It is broken.", "Great!", "Hello"), PATIENCE)

    told = [(result["id"], result["sentiment"]) for result in reply.value["results"]]
    assert told == [("m1", "negative"), ("m2", "positive"), ("m3", "neutral")]


def test_every_fault_has_an_outcome() -> None:
    assert set(OUTCOMES) == ALL_FAULTS


@pytest.mark.parametrize("fault", [fault for fault, outcome in OUTCOMES.items() if outcome])
async def test_a_fault_is_an_error_of_the_right_kind_after_one_attempt(
    fault: str, provider: Provider, fake: FakeGemini
) -> None:
    fake.model.script.extend([fault])

    error = await failure(provider, SHORT if fault == "hang" else PATIENCE)

    assert type(error) is OUTCOMES[fault]
    assert len(str(error)) > 20
    assert fake.model.stats.counts["requests"] == 1


@pytest.mark.parametrize("fault", [fault for fault, outcome in OUTCOMES.items() if outcome is None])
async def test_a_whole_object_is_taken_out_of_what_is_around_it(
    fault: str, provider: Provider, fake: FakeGemini
) -> None:
    fake.model.script.extend([fault])

    reply = await provider.ask(question(), PATIENCE)

    expected = {"unexpected": True, "items": [1, 2]} if fault == "wrong_schema" else "negative"
    assert expected in (reply.value, reply.value.get("results", [{}])[0].get("sentiment"))


@pytest.mark.parametrize("fault", [fault for fault in OUTCOMES if fault != "hang"])
async def test_after_a_fault_the_next_question_is_answered(fault: str, provider: Provider, fake: FakeGemini) -> None:
    fake.model.script.extend([fault])
    if OUTCOMES[fault]:
        await failure(provider)
    else:
        await provider.ask(question(), PATIENCE)

    assert (await provider.ask(question(), PATIENCE)).value["results"]


async def test_an_answer_that_is_of_no_use_has_its_price_all_the_same(provider: Provider, fake: FakeGemini) -> None:
    for fault in ("max_tokens", "malformed", "safety", "repeat"):
        fake.model.script.extend([fault])
        prompt, output = (await failure(provider)).tokens
        assert prompt > 50, fault
        assert output > 0 or fault == "safety"


async def test_an_error_without_an_answer_costs_nothing(provider: Provider, fake: FakeGemini) -> None:
    for fault in sorted(ERRORS):
        fake.model.script.extend([fault])
        assert (await failure(provider)).tokens == (0, 0)


async def test_thoughts_that_eat_the_room_for_the_answer_are_paid(provider: Provider, fake: FakeGemini) -> None:
    fake.model.thought_tokens = 600

    with pytest.raises(AnalystBadOutputError) as caught:
        await provider.ask(question(most_tokens=600), PATIENCE)

    assert caught.value.tokens[1] == 600


async def test_the_servers_delay_is_told(provider: Provider, fake: FakeGemini) -> None:
    fake.model.script.extend(["rate_limit retry_after=7.25", "rate_limit_bare"])

    named, bare = await failure(provider), await failure(provider)

    assert isinstance(named, AnalystRateLimitedError)
    assert isinstance(bare, AnalystRateLimitedError)
    assert (named.delay_seconds, bare.delay_seconds) == (7.25, 0.0)


async def test_the_quota_of_the_server_is_a_rate_limit(provider: Provider, fake: FakeGemini) -> None:
    fake.model.quota.requests = 1
    await provider.ask(question(), PATIENCE)

    error = await failure(provider)

    assert isinstance(error, AnalystRateLimitedError)
    assert 55 < error.delay_seconds <= 60.1


async def test_an_attempt_ends_in_its_time_and_so_does_the_servers_work(provider: Provider, fake: FakeGemini) -> None:
    fake.model.script.extend(["hang"])
    began = time.monotonic()

    error = await failure(provider, SHORT)

    assert isinstance(error, AnalystUnavailableError)
    assert SHORT - 0.05 <= time.monotonic() - began < SHORT + 1
    await until_nothing_is_in_flight(fake)
    assert fake.model.stats.counts["client_gone"] == 1


async def test_a_cancelled_question_is_cancelled_at_the_server_too(provider: Provider, fake: FakeGemini) -> None:
    fake.model.script.extend(["hang"])
    asking = asyncio.create_task(provider.ask(question(), PATIENCE))
    await until_in_flight(fake, 1)

    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking
    await until_nothing_is_in_flight(fake)


async def test_whoever_waits_when_it_stops_is_told(provider: Provider, fake: FakeGemini) -> None:
    fake.model.script.extend(["hang"])
    asking = asyncio.create_task(provider.ask(question(), PATIENCE))
    await until_in_flight(fake, 1)

    await provider.stop()

    with pytest.raises(AnalystUnavailableError):
        await asking
    with pytest.raises(AnalystUnavailableError, match="before start or after stop"):
        await provider.ask(question(), PATIENCE)


async def test_eighty_questions_are_answered_at_once(provider: Provider, fake: FakeGemini) -> None:
    fake.model.script.extend(["ok latency=0.6"] * 80)

    replies = await asyncio.gather(*(provider.ask(question(), PATIENCE) for _ in range(80)))

    assert len(replies) == 80
    assert fake.model.stats.most_in_flight == 80


async def test_a_server_that_is_not_there_is_unavailable_at_once(
    connect: Connect, fake: FakeGemini, authority: Path
) -> None:
    provider = connect(fake, authority)
    await fake.stop()
    await provider.start()
    began = time.monotonic()

    error = await failure(provider)

    assert isinstance(error, AnalystUnavailableError)
    assert time.monotonic() - began < 2
    await provider.stop()


async def test_a_server_that_comes_back_is_asked_again(provider: Provider, fake: FakeGemini) -> None:
    await provider.ask(question(), PATIENCE)
    await fake.restart()

    assert (await answered_within(provider, 4.0)).value["results"]


async def test_letters_of_every_script_come_through(provider: Provider, fake: FakeGemini) -> None:
    text = 'Où est ma commande ? 注文はどこ 😀 "quoted" \\ back'
    assert (await provider.ask(question(text), PATIENCE)).value["results"][0]["evidence"] == text


async def test_an_answer_that_repeats_itself_without_being_cut_is_no_answer(
    provider: Provider, fake: FakeGemini
) -> None:
    fake.model.script.say(told_in_full("so so " * 200))

    assert "repeats itself" in str(await failure(provider))


async def test_what_the_customer_wrote_is_in_no_error(provider: Provider, fake: FakeGemini) -> None:
    for fault, outcome in OUTCOMES.items():
        fake.model.script.extend([fault])
        if outcome:
            with pytest.raises(AnalystError) as caught:
                await provider.ask(question("canary-20431 is terrible"), SHORT if fault == "hang" else PATIENCE)
            assert "canary" not in str(caught.value)
        else:
            await provider.ask(question(), PATIENCE)


async def answered_within(provider: Provider, seconds: float) -> Reply:
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await provider.ask(question(), 1.0)
            except AnalystUnavailableError:
                await asyncio.sleep(0.1)


async def until_in_flight(fake: FakeGemini, number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while fake.model.stats.in_flight != number:
            await asyncio.sleep(0.01)


async def until_nothing_is_in_flight(fake: FakeGemini) -> None:
    await until_in_flight(fake, 0)
