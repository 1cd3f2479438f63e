"""How much is found on support messages of this folder's own making: floors a little under what was measured.

The messages are invented here (``pii_texts``), in the words and the layouts of many countries, cased and in lower case.
"""

from __future__ import annotations

import asyncio
import time

import pytest

from signalstream.ai.evaluation.pii import LabelledEntity, LabelledText, pii_figures
from signalstream.ai.local.pii import PatternDetector
from signalstream.ai.local.pii_finder import PersonalDataFinder
from tests.ai.local.pii_texts import clean, made

MESSAGES = 192
DETECTOR = PatternDetector()
STRUCTURED = ("email", "credit_card", "iban", "ssn", "ip_address")
LONGEST = 10_000
HOSTILE = [
    *(
        "1-",
        "4 ",
        "1.1.",
        "DE89 ",
        "415-555-0123 ",
        "4111 1111 1111 1111 ",
        "1 1 1",
        "a@a.",
        "@a",
        "0x",
        "aa:",
        "00:11:",
    ),
    *("www.a", "https://a/", "https://a?b&code=", "address: a", "\naddress: a", "corner of a and ", "unit 1 ", "12 a "),
    *(
        "order number 1",
        "imei ",
        "swift ",
        "zip code ",
        "username: a",
        "plate 1a ",
        "policy no ",
        "card 4",
        "exp 1",
        "pin ",
    ),
    *(
        "my name is Aa ",
        "Hi Aa ",
        "Regards,\n",
        "12 rue ",
        "Calle a ",
        "née le ",
        "-----BEGIN PRIVATE KEY-----",
        "eyJaaaaaa.",
    ),
]


async def figures(texts: list[LabelledText]) -> dict[str, float]:
    finder = PersonalDataFinder()
    await finder.start()
    found = await asyncio.gather(*(finder.find("demo", one.text) for one in texts))
    await finder.stop()
    spans = [[LabelledEntity(type=one.kind, start=one.start, end=one.end) for one in each] for each in found]
    return pii_figures(texts, spans)


@pytest.mark.parametrize("lower", [False, True])
async def test_personal_data_of_many_countries_is_masked(lower: bool) -> None:
    measured = await figures(made(MESSAGES, seed=7, lower=lower))
    assert measured["characters_masked"] >= 0.97
    assert measured["entities_masked"] >= 0.95
    assert measured["masked/name"] >= 0.95
    assert measured["others_masked"] <= 0.02
    for kind in STRUCTURED:
        assert (measured[f"precision/{kind}"], measured[f"recall/{kind}"]) == (1.0, 1.0), kind


async def test_messages_without_personal_data_are_left_alone() -> None:
    texts = [LabelledText(text=form) for text in clean() for form in (text, text.lower())]
    assert (await figures(texts))["clean_flagged"] <= 0.03


@pytest.mark.parametrize("unit", HOSTILE)
def test_no_text_of_full_length_holds_the_patterns_up(unit: str) -> None:
    text = (unit * LONGEST)[:LONGEST]
    took = []
    for _ in range(3):  # the least of three: other work on the machine only ever adds
        begun = time.process_time()
        DETECTOR.find(text)
        took.append(time.process_time() - begun)
        if took[-1] < 0.1:
            return
    assert min(took) < 0.1


def test_patterns_take_less_than_a_millisecond_for_a_typical_message() -> None:
    texts = [one.text for one in made(MESSAGES, seed=3)]
    begun = time.process_time()
    for text in texts:
        DETECTOR.find(text)
    assert (time.process_time() - begun) / len(texts) < 0.001
