"""Patterns and model together: what stays masked, which numbers values get, and what happens without the model."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from signalstream.ai.local.analyst import LocalAnalyst
from signalstream.ai.local.ner import Reading
from signalstream.ai.local.pii import PatternDetector
from signalstream.ai.local.pii_finder import PersonalDataFinder, Tagger, analyse_pii
from signalstream.ai.local.pii_policy import Policies, Policy
from signalstream.core.conversation import Bounds, join
from signalstream.core.redaction import Span
from signalstream.errors import ModelUnavailableError
from signalstream.models.conversation import ConversationState, Turn
from signalstream.models.intelligence import Pii
from tests.ai.local.conversations import turn
from tests.core.analyses import message

BOUNDS = Bounds(kept_messages=50, kept_characters=60_000, context_messages=20, context_characters=8_000)


@pytest.fixture
async def finder() -> AsyncIterator[PersonalDataFinder]:
    one = PersonalDataFinder()
    await one.start()
    yield one
    await one.stop()


def turns(finder: PersonalDataFinder, texts: Sequence[str]) -> list[Turn]:
    state: ConversationState | None = None
    made = []
    for number, text in enumerate(texts, 1):
        joined = join(state, message(number, text), finder.by_patterns, BOUNDS)
        state = joined.state
        made.append(joined.turn)
    return made


async def kinds(finder: PersonalDataFinder, text: str, tenant: str = "demo") -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in await finder.find(tenant, text)]


async def test_names_and_addresses_without_a_cue_are_found(finder: PersonalDataFinder) -> None:
    found = await kinds(finder, "Priya Raghunathan waits at 2207 Cottonwood Lane, Boise, ID 83702 for it")
    assert found == [("name", "Priya Raghunathan"), ("address", "2207 Cottonwood Lane, Boise, ID 83702")]


async def test_lower_case_hides_nobody(finder: PersonalDataFinder) -> None:
    assert ("name", "priya raghunathan") in await kinds(finder, "can priya raghunathan call me back")


@pytest.mark.parametrize(
    "text",
    [
        "My Samsung TV from Amazon is broken",
        "HELLO SUPPORT TEAM",
        "my card did not work in Leeds",
        "The item was 49.99 but I paid 59.99.",
        "Is there a fee for SEPA transfers?",
    ],
)
async def test_brands_greetings_towns_and_prices_are_no_personal_data(finder: PersonalDataFinder, text: str) -> None:
    assert await kinds(finder, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Oh thank God. Please hurry with the rest",
        "Blimey, that was quick",
        "Sadly: my parcel is still not here",
        (
            "Hat geklappt, die Löhne sind raus. Danke für die schnelle Hilfe! "
            "Trotzdem: die fünf Fehlversuche kamen nicht von mir. Bitte prüfen Sie das."
        ),
        "Tja, mein Paket ist immer noch nicht da",
        "Déjà! Mon colis n'est toujours pas là",
        "Gracias a Dios. Ojalá llegue mañana",
        "Bueno, si de verdad llega mañana, muchas gracias por solucionarlo tan rápido.",
        "Hat nicht geklappt. Schade!",
        "Magari! Purtroppo il pacco non è arrivato",
        "Tomara! Cadê o pacote?",
        "Jammer, mijn pakket is er nog niet",
        "Cholera, moja paczka nie dotarła",
        "Redan! Mitt paket har inte kommit",
    ],
)
async def test_words_that_begin_a_sentence_or_are_called_out_are_no_names(
    finder: PersonalDataFinder, text: str
) -> None:
    assert await kinds(finder, text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Leider hat Jürgen Haas nicht geantwortet", "Jürgen Haas"),
        ("Gracias, Lucía Fuentes", "Lucía Fuentes"),
        ("Hélas! Pierre Beaumont attend", "Pierre Beaumont"),
        ("Soy Lucía Bueno, mi pedido no llega", "Lucía Bueno"),
        ("Schade, sagt Thomas Schade", "Thomas Schade"),
    ],
)
async def test_such_a_word_beside_a_name_hides_nobody(finder: PersonalDataFinder, text: str, name: str) -> None:
    assert ("name", name) in await kinds(finder, text)


async def test_what_patterns_checked_keeps_its_type_beside_the_model(finder: PersonalDataFinder) -> None:
    text = "Emily Whitfield, emily@mail.example, +1 206 555 0173, 4111 1111 1111 1111"
    found = await kinds(finder, text)
    assert [kind for kind, _ in found] == ["name", "email", "phone", "credit_card"]


async def test_offsets_are_code_points_of_the_text_as_it_was_written(finder: PersonalDataFinder) -> None:
    text = "🙂🙂 ask Emily Whit\u00adfield"
    [span] = await finder.find("demo", text)
    assert text[span.start : span.end].startswith("Emily")


async def test_a_value_keeps_its_placeholder_through_the_conversation(finder: PersonalDataFinder) -> None:
    texts = [
        "My name is Emily Whitfield, mail emily@mail.example or other@mail.example.",
        "Sorry, other@mail.example is old.",
        *["still waiting"] * 60,
        "Emily Whitfield again: emily@mail.example",
    ]
    made = turns(finder, texts)
    results = [(await analyse_pii(finder, made[place])).redacted_text for place in (0, 1, -1)]
    assert results == [
        "My name is [NAME_1], mail [EMAIL_1] or [EMAIL_2].",
        "Sorry, [EMAIL_2] is old.",
        "[NAME_1] again: [EMAIL_1]",
    ]


async def test_row_context_and_result_agree_on_the_placeholders(finder: PersonalDataFinder) -> None:
    made = turns(finder, ["mail a@mail.example", "mail b@mail.example", "and a@mail.example"])
    assert [kept.text for kept in made[2].context] == ["mail [EMAIL_1]", "mail [EMAIL_2]"]
    assert (await analyse_pii(finder, made[2])).redacted_text == "and [EMAIL_1]"


async def test_what_only_the_model_finds_has_one_placeholder_in_every_turn(finder: PersonalDataFinder) -> None:
    made = turns(
        finder, ["please ask Tomasz Kowalczyk", *["hello"] * 60, "did Tomasz Kowalczyk answer?", "my name is Ann Lee"]
    )
    first, later, last = [await analyse_pii(finder, made[place]) for place in (0, -2, -1)]
    assert first.entities[0].placeholder == later.entities[0].placeholder
    assert last.redacted_text == "my name is [NAME_1]"


async def test_a_redelivery_gives_the_same_result(finder: PersonalDataFinder) -> None:
    texts = ["ask Tomasz Kowalczyk, a@mail.example", "b@mail.example", "a@mail.example"]
    state: ConversationState | None = None
    results: dict[str, Pii] = {}
    for number in (1, 2, 1, 3, 2, 1):
        joined = join(state, message(number, texts[number - 1]), finder.by_patterns, BOUNDS)
        state = joined.state
        result = await analyse_pii(finder, joined.turn)
        assert results.setdefault(texts[number - 1], result) == result


async def test_no_result_leaks_a_name_that_only_the_model_finds() -> None:
    analyst = LocalAnalyst()
    await analyst.start()
    try:
        made = turns(
            PersonalDataFinder(load=None),
            ["Please refund Tomasz Kowalczyk, he was charged twice", "Emily Whitfield needs the money by tomorrow!"],
        )
        for task in ("sentiment", "insights", "summary"):
            shown = (await analyst.analyse(task, made[-1])).result.model_dump_json()
            assert not [name for name in ("Tomasz", "Kowalczyk", "Emily", "Whitfield") if name in shown], task
    finally:
        await analyst.stop()


async def test_a_tenant_asks_for_more_certainty_and_keeps_its_own_values(finder: PersonalDataFinder) -> None:
    own = Policy(allow={"email": ("@acme.example",), "name": ("Emily Whitfield",)})
    picky = PersonalDataFinder(Policies(tenants={"acme": own, "strict": Policy(thresholds={"name": 1.0})}))
    await picky.start()
    text = "Emily Whitfield, help@acme.example"
    assert await kinds(picky, text, "acme") == []
    assert await kinds(picky, "ask emily whitfield", "strict") == []
    assert [kind for kind, _ in await kinds(picky, text, "other")] == ["name", "email"]
    assert [kind for kind, _ in await kinds(finder, text, "acme")] == ["name", "email"]
    await picky.stop()


async def test_a_tenant_has_every_first_name_masked_by_a_lower_threshold() -> None:
    wary = PersonalDataFinder(Policies(tenants={"clinic": Policy(thresholds={"name": 0.05})}))
    await wary.start()
    assert await kinds(wary, "text joe", "other") == []
    assert await kinds(wary, "text joe", "clinic") == [("name", "joe")]
    await wary.stop()


class CountingTagger:
    """Finds nothing and counts the texts."""

    labels = ("O", "GIVEN_NAME", "SURNAME", "STREET_NAME", "CITY", "STATE", "ZIP_CODE")

    def __init__(self) -> None:
        self.texts: list[str] = []

    def read(self, texts: Sequence[str]) -> list[Reading]:
        self.texts += texts
        return [Reading((), (), np.zeros((0, len(self.labels)), np.float32)) for _ in texts]


async def test_a_text_is_read_once_for_all_agents_and_for_later_turns() -> None:
    tagger = CountingTagger()
    one = PersonalDataFinder(load=lambda: tagger)
    await one.start()
    made = turns(one, ["where is it", "still nothing"])
    await asyncio.gather(*(one.redacted(made[0]) for _ in range(4)))
    await one.redacted(made[1])
    assert sorted(tagger.texts) == ["still nothing", "where is it"]
    await one.stop()


async def test_a_thousand_conversations_at_once_do_not_make_each_turn_search_its_context_again() -> None:
    tagger = CountingTagger()
    one = PersonalDataFinder(load=lambda: tagger, patterns=PatternDetector(stages=()))
    await one.start()
    texts = [[f"text {number} of {conversation}" for number in range(5)] for conversation in range(1_000)]
    for newest in range(5):
        for said in texts:
            await asyncio.gather(*(one.find("acme", text) for text in said[: newest + 1]))
    assert len(tagger.texts) == 5_000
    await one.stop()


async def test_a_text_that_was_foreseen_is_not_read_again() -> None:
    tagger = CountingTagger()
    one = PersonalDataFinder(load=lambda: tagger)
    await one.start()
    one.foresee("acme", "where is it")
    await one.find("acme", "where is it")
    assert tagger.texts == ["where is it"]
    await one.stop()


async def test_nothing_is_foreseen_while_the_model_is_at_work_or_not_there() -> None:
    at_work, done = threading.Event(), threading.Event()

    class SlowTagger(CountingTagger):
        def read(self, texts: Sequence[str]) -> list[Reading]:
            at_work.set()
            assert done.wait(5)
            return super().read(texts)

    tagger = SlowTagger()
    one = PersonalDataFinder(load=lambda: tagger)
    one.foresee("acme", "before the start")
    await one.start()
    asked = asyncio.create_task(one.find("acme", "asked for"))
    assert await asyncio.to_thread(at_work.wait, 5)
    one.foresee("acme", "while it works")
    done.set()
    await asked
    await one.stop()
    assert tagger.texts == ["asked for"]


def unavailable() -> Tagger:
    raise ModelUnavailableError("the wheel is not installed; install it")


async def test_without_the_model_patterns_go_on_and_say_why() -> None:
    analyst = LocalAnalyst(PersonalDataFinder(load=unavailable))
    await analyst.start()
    answer = await analyst.analyse("pii", turn("ask Tomasz Kowalczyk, a@mail.example"))
    assert isinstance(answer.result, Pii)
    assert answer.result.redacted_text == "ask Tomasz Kowalczyk, [EMAIL_1]"
    assert answer.engine == "patterns"
    assert analyst.health()["status"] == "degraded"
    assert "not installed" in str(analyst.health())
    await analyst.stop()


async def test_with_the_model_the_engine_says_so(finder: PersonalDataFinder) -> None:
    assert finder.engine == "patterns+rampart"
    assert finder.missing is None


async def test_the_event_loop_goes_on_while_the_model_reads(finder: PersonalDataFinder) -> None:
    texts = [f"message {number}: " + "please call Emily Whitfield about it " * 20 for number in range(24)]
    reading = asyncio.gather(*(finder.find("demo", text) for text in texts))
    beats = 0
    while not reading.done():
        await asyncio.sleep(0.005)
        beats += 1
    assert all(await reading)
    assert beats > 10


class NotingPatterns(PatternDetector):
    """Notes each text that is searched, and in which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.searched: list[tuple[str, bool]] = []

    def find(self, text: str) -> tuple[Span, ...]:
        self.searched.append((text, threading.current_thread() is threading.main_thread()))
        return super().find(text)


async def test_a_text_is_searched_once_however_many_ask() -> None:
    patterns = NotingPatterns()
    finder = PersonalDataFinder(load=None, patterns=patterns)
    found = await asyncio.gather(*(finder.find("demo", "mail a@mail.example") for _ in range(5)))
    assert len(set(found)) == len(patterns.searched) == 1
    assert (await finder.find("demo", "mail a@mail.example"))[0].kind == "email"
    assert len(patterns.searched) == 1


async def test_tenants_never_share_what_was_found() -> None:
    allowing = Policies(tenants={"acme": Policy(allow={"email": ("@mail.example",)})})
    finder = PersonalDataFinder(allowing, load=None)
    assert [len(await finder.find(tenant, "a@mail.example")) for tenant in ("other", "acme", "other")] == [1, 0, 1]


async def test_what_was_found_without_the_model_is_forgotten_when_it_starts() -> None:
    late = PersonalDataFinder()
    assert await late.find("demo", "please ask Priya Raghunathan") == ()
    await late.start()
    assert [span.kind for span in await late.find("demo", "please ask Priya Raghunathan")] == ["name"]
    await late.stop()


async def test_the_event_loop_never_waits_for_a_long_text() -> None:
    patterns = NotingPatterns()
    finder = PersonalDataFinder(load=None, patterns=patterns)
    for text in ("short", "long " * 2_000):
        await finder.find("demo", text)
    assert [in_loop for _, in_loop in patterns.searched] == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        "how many pints are in 22 gallons",
        "size 10 1/2, 32x34",
        "my TV model WH-1000XM5 is broken",
        "update 10.0.19045.3803 broke it",
        "1920x1080 is the resolution",
        "how do i make spaghetti with potatoes in sweden",
        "what does ajar mean",
    ],
)
async def test_food_countries_sizes_and_products_are_no_personal_data(finder: PersonalDataFinder, text: str) -> None:
    assert await kinds(finder, text) == []
    assert await kinds(finder, text.lower()) == []
