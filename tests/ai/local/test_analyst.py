"""The local analyst as a whole: its interface, that it keeps secrets, and that no text holds it up."""

from __future__ import annotations

import asyncio
import gc
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.analyst import Analyst
from signalstream.ai.local.analyst import TASKS, LocalAnalyst
from signalstream.errors import AnalystRefusedError
from signalstream.models.intelligence import Insights, Pii, Sentiment, Summary
from tests.ai.local.conversations import turn

ANALYST: Analyst = LocalAnalyst()
SECRETS = ("jane.doe@example.com", "4111 1111 1111 1111", "415-555-0123", "DE89370400440532013000", "123-45-6789")
LONGEST = 10_000
UNITS = [
    *(
        "a",
        "1",
        "1 1 1",
        "a@a@a@",
        "((((",
        ".",
        "-",
        "4 ",
        "0",
        "+1",
        "::",
        "1.1.1.1",
        "a.",
        "a-",
        "\u200bx",
        "\x00\x01x",
    ),
    *("415-555-0123 ", "4111 1111 1111 1111 ", "DE89 ", "eyJaaaaaa.", "http://a:", "https://a?b&code=", "password: "),
    *("my name is Aa ", "Hi Aa ", "1 Aa ", "12 rue ", "Calle a ", "-----BEGIN PRIVATE KEY-----", "[EMAIL_1]", "["),
    *(
        "😀",
        "😡😀👍",
        "שלום ",
        "\u202eאב",
        "你好。",
        "e\u0301",
        "\ufdfa",
        "good bad ",
        "but ",
        "!?",
        "need ",
        "A ",
        "a\n",
    ),
    *("charged twice. ", "Please refund. ", "Regards,\n", "account 1234 ", "ssn ", "née le "),
]


async def everything(text: str, sender: str = "customer") -> dict[str, str]:
    return {task: (await ANALYST.analyse(task, turn(text, sender))).result.model_dump_json() for task in TASKS}


@pytest.mark.parametrize(
    ("task", "model", "engine"),
    [
        ("sentiment", Sentiment, "vader"),
        ("pii", Pii, "patterns"),
        ("insights", Insights, "rules+cues"),
        ("summary", Summary, "extractive"),
    ],
)
async def test_each_task_answers_with_its_model_and_engine(task: str, model: type, engine: str) -> None:
    answer = await ANALYST.analyse(task, turn("I was charged twice"))
    assert isinstance(answer.result, model)
    assert (answer.engine, answer.model, answer.degraded_reason) == (engine, None, None)


async def test_an_unknown_task_is_refused_by_name() -> None:
    with pytest.raises(AnalystRefusedError, match="translation"):
        await ANALYST.analyse("translation", turn("hello"))


async def test_it_starts_stops_and_is_healthy_without_anything() -> None:
    await ANALYST.start()
    assert ANALYST.health()["status"] == "ok"
    await ANALYST.stop()
    assert ANALYST.name == "local"


async def test_the_same_turn_gives_the_same_answer() -> None:
    text = "My name is Jane Doe, I was charged twice, call 415-555-0123"
    assert await everything(text) == await everything(text)


@settings(max_examples=60)
@given(
    secrets=st.lists(st.sampled_from(SECRETS), min_size=1, max_size=4),
    complaint=st.sampled_from(["I am furious", "please refund", "charged twice by", "locked out", "sue you", "ok"]),
    noise=st.text(alphabet="ab .!\n😀é", max_size=40),
    sender=st.sampled_from(["customer", "agent"]),
)
async def test_planted_personal_data_appears_in_no_result(
    secrets: list[str], complaint: str, noise: str, sender: str
) -> None:
    text = f"{noise} {complaint}: " + f" {complaint}, ".join(secrets) + f" {noise}. I need help by tomorrow"
    for task, result in (await everything(text, sender)).items():
        assert not [secret for secret in secrets if secret in result], task


@pytest.mark.parametrize("text", [".", "\u200b.", "a", "?", "😀", "\x00\x01.", "\u202e.", "[", "\ufeffé", "٣"])
async def test_texts_that_hardly_say_anything_are_analysed(text: str) -> None:
    assert set(await everything(text)) == set(TASKS)


@pytest.mark.parametrize("unit", UNITS)
async def test_no_text_of_full_length_takes_two_seconds(unit: str) -> None:
    text = (unit * LONGEST)[:LONGEST]
    begun = time.process_time()
    await everything(text)
    assert time.process_time() - begun < 2


@settings(max_examples=40, deadline=None)
@given(st.characters(codec="utf-8").filter(lambda character: not character.isspace()))
async def test_no_single_repeated_character_takes_two_seconds(character: str) -> None:
    begun = time.process_time()
    await everything(character * LONGEST)
    assert time.process_time() - begun < 2


async def test_a_long_message_never_holds_the_event_loop() -> None:
    analyst = LocalAnalyst()
    await analyst.start()
    said = "My order 10048872 is late, said Emily Whitfield (emily@mail.example, +1 206 555 0173). Please refund me! "
    texts = [f"{number} {said * 120}"[:10_000] for number in range(4)]
    await analyst.analyse("summary", turn(texts.pop()))  # what is loaded at first use
    gc.disable()  # of all that this process holds, not of the work
    try:
        work = asyncio.gather(*(analyst.analyse(task, turn(text)) for text in texts for task in TASKS))
        held = 0.0
        while not work.done():
            before = time.thread_time()
            await asyncio.sleep(0.001)
            held = max(held, time.thread_time() - before)
        await work
    finally:
        gc.enable()
        await analyst.stop()
    assert held < 0.045  # seconds of its processor time; rules all at once take more
