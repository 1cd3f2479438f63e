from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from signalstream.ai.remote.fencing import Block, Line, fenced
from signalstream.ai.remote.prompts import PROMPTS
from signalstream.ai.remote.wire import with_intents
from signalstream.models.messages import Sender
from tests.gemini_fake.exchange import Answered, Asked, TurnedAwayError
from tests.gemini_fake.faults import ALL_FAULTS, FaultMix, UnknownFaultError
from tests.gemini_fake.model import FakeModel
from tests.gemini_fake.quota import Quota

CALM, ANGRY = "Thanks, it is great.", "My name is Ann Lee. Broken again, I want a refund now! Write to ann@example.com"


def data(*texts: str) -> str:
    blocks = [Block(f"t{number}", (Line(3, Sender.CUSTOMER, text),)) for number, text in enumerate(texts)]
    return fenced(blocks, lambda size: "ab" * size)


def asked(task: str, *texts: str, labels: tuple[str, ...] = ()) -> Asked:
    prompt = PROMPTS[task]
    return Asked(
        "m",
        prompt.instructions,
        data(*texts),
        with_intents(prompt.schema, labels) if task == "insights" else prompt.schema,
        json_mode=True,
    )


async def results(model: FakeModel, question: Asked) -> Any:
    return json.loads((await model.answer(question)).text or "")["results"]


@pytest.mark.parametrize("task", PROMPTS)
async def test_every_question_of_ours_is_answered_in_its_form(task: str) -> None:
    told = await results(FakeModel(), asked(task, CALM, ANGRY, labels=("Refund Request", "General Inquiry")))

    assert [PROMPTS[task].entry.model_validate(one).id for one in told] == ["t0", "t1"]


async def test_answers_differ_as_the_conversations_do() -> None:
    model = FakeModel()
    feelings = await results(model, asked("sentiment", CALM, ANGRY))
    needs = await results(model, asked("insights", CALM, ANGRY, labels=("General Inquiry", "Refund Request")))
    values = await results(model, asked("pii", CALM, ANGRY))

    assert [one["sentiment"] for one in feelings] == ["positive", "negative"]
    assert [(one["intent"], one["urgency"]) for one in needs] == [
        ("General Inquiry", "Low"),
        ("Refund Request", "High"),
    ]
    assert values[0]["entities"] == []
    assert values[1]["entities"] == [
        {"quote": "Ann Lee", "kind": "name"},
        {"quote": "ann@example.com", "kind": "email"},
    ]


async def test_a_conversation_may_wish_for_no_result_or_a_wrong_one() -> None:
    told = await results(FakeModel(), asked("sentiment", "[[answer:missing]]", CALM, "[[answer:wrong]]"))

    assert [sorted(one) for one in told] == [
        ["confidence", "emotion", "evidence", "id", "score", "sentiment"],
        ["id", "unexpected"],
    ]
    assert told[1]["id"] == "t2"


async def drawn(model: FakeModel, number: int = 60) -> list[str]:
    """Return what became of so many questions: the fault's name, or the finish."""
    outcomes = []
    for _ in range(number):
        try:
            outcomes.append((await model.answer(asked("sentiment", CALM))).finish)
        except TurnedAwayError as error:
            outcomes.append(error.fault)
    return outcomes


async def test_the_same_seed_gives_the_same_faults() -> None:
    rates = {"unavailable": 0.2, "max_tokens": 0.2}
    first, again, other = [await drawn(FakeModel(FaultMix(rates, seed=seed))) for seed in (7, 7, 8)]

    assert first == again != other
    assert set(first) == {"unavailable", "MAX_TOKENS", "STOP"}


async def test_a_script_goes_before_chance_and_then_ends() -> None:
    model = FakeModel(FaultMix({"internal": 1.0}))
    model.script.extend(["ok", "rate_limit retry_after=2"])

    assert await drawn(model, 3) == ["STOP", "rate_limit", "internal"]


async def test_words_of_a_message_choose_its_fault() -> None:
    with pytest.raises(TurnedAwayError) as caught:
        await FakeModel().answer(asked("sentiment", CALM, "[[fault:rate_limit retry_after=1.5]]"))

    assert (caught.value.fault, caught.value.retry_after) == ("rate_limit", 1.5)


async def test_an_unknown_fault_is_refused_where_it_is_named() -> None:
    for name_it in (lambda: FaultMix({"tired": 0.1}), lambda: FakeModel().script.extend(["tired"])):
        with pytest.raises(UnknownFaultError, match="tired"):
            name_it()
    with pytest.raises(UnknownFaultError, match="tired"):
        await FakeModel().answer(asked("sentiment", "[[fault:tired]]"))


@pytest.mark.parametrize("fault", sorted(ALL_FAULTS - {"hang"}))
async def test_every_fault_is_counted_under_its_name(fault: str) -> None:
    model = FakeModel()
    model.script.extend([fault])

    await drawn(model, 1)

    assert model.stats.counts == {"requests": 1, "conversations": 1, fault: 1}
    assert model.stats.in_flight == 0


async def spoilt(fault: str) -> Answered:
    model = FakeModel()
    model.script.extend([fault])
    return await model.answer(asked("sentiment", CALM))


async def test_spoilt_answers_are_spoilt_as_their_names_say() -> None:
    whole = (await FakeModel().answer(asked("sentiment", CALM))).text or ""
    cut, fenced_in, prose, broken = [
        (await spoilt(fault)).text or "" for fault in ("max_tokens", "fenced", "extra_text", "malformed")
    ]

    assert whole.startswith(cut)
    assert len(cut) < len(whole)
    assert whole in fenced_in
    assert whole in prose
    with pytest.raises(json.JSONDecodeError):
        json.loads(broken)
    assert (await spoilt("safety_prompt")).block_reason == "SAFETY"
    assert [(await spoilt(fault)).text for fault in ("safety", "empty", "max_tokens_empty")] == [None] * 3


async def test_too_little_room_cuts_the_answer_and_thoughts_take_theirs_first() -> None:
    little = Asked("m", "", data(CALM), asked("sentiment").schema, most_tokens=10)

    cut = await FakeModel().answer(little)
    nothing = await FakeModel(thought_tokens=10).answer(little)

    assert (cut.finish, len(cut.text or "")) == ("MAX_TOKENS", 40)
    assert (nothing.finish, nothing.text) == ("MAX_TOKENS", None)


async def test_the_quota_refuses_the_next_of_a_window_and_says_until_when() -> None:
    model = FakeModel(quota=Quota(3, seconds=0.3))

    assert await drawn(model, 5) == ["STOP", "STOP", "STOP", "rate_limit", "rate_limit"]
    assert model.stats.counts["quota"] == 2
    await asyncio.sleep(0.31)
    assert await drawn(model, 1) == ["STOP"]


def test_a_quota_names_the_time_until_the_first_of_the_window_leaves_it() -> None:
    quota = Quota(2, seconds=60)

    assert [quota.refusal(now) for now in (0.0, 10.0)] == [None, None]
    assert quota.refusal(15.0) == 45.001
    assert quota.refusal(60.0) is None
    assert quota.refusal(61.0) == 9.001


async def test_an_answer_that_nobody_waits_for_is_counted() -> None:
    model = FakeModel()
    model.script.extend(["hang"])
    asking = asyncio.create_task(model.answer(asked("sentiment", CALM)))
    await asyncio.sleep(0.01)
    assert model.stats.in_flight == 1

    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)

    assert (model.stats.counts["client_gone"], model.stats.in_flight) == (1, 0)
