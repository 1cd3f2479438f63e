"""Intents by sample sentences: the default ones, a tenant's own, and none where none fits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import numpy as np
import pytest

from signalstream.ai.local.encoder import Encoder
from signalstream.ai.local.heads import Head
from signalstream.ai.local.intent import LEAST_CONFIDENCE, IntentJudge, IntentVerdict, intent_heads_for
from signalstream.ai.local.intent_heads import FittedHead, IntentHead, Prototypes, head_for
from signalstream.ai.local.intent_rules import GENERAL
from signalstream.ai.local.minilm import MiniLM, load_minilm
from signalstream.ai.local.models import load_models
from signalstream.ai.local.taxonomy import Taxonomy

GARDEN = Taxonomy(
    {
        "Plants": ("My roses have yellow leaves", "When do I plant tulips?", "Which tree grows in the shade?"),
        "Tools": ("The lawn mower does not start", "I need a sharper spade", "Are your shears made of steel?"),
    }
)


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return load_minilm()


@pytest.fixture(scope="module")
def heads(model: MiniLM) -> Mapping[str, IntentHead]:
    return intent_heads_for(model.run, {"garden": GARDEN})


@pytest.fixture(scope="module")
def words() -> Head:
    return load_models({}).heads["sentiment"]


@pytest.fixture
async def judge(model: MiniLM, heads: Mapping[str, IntentHead], words: Head) -> AsyncIterator[IntentJudge]:
    encoder = Encoder(model.run)
    encoder.start()
    yield IntentJudge(encoder, heads, words)
    await encoder.stop()


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("can i get reimbursed for the shoes i sent back last week", "Refund Request"),
        ("the screen stays black when i start the program", "Technical Issue"),
        ("there is an amount on my invoice that i cannot explain", "Billing Inquiry"),
        ("would be nice to have the calendar in other colours too", "Feature Request"),
        ("your colleague was very impolite to my wife, i am appalled", "Complaint"),
        ("it says my password is wrong and i cannot get in", "Account Issue"),
        ("our web shop has been down since noon, customers only get a 503", "Technical Issue"),
        ("the plumber was to be here at ten, it is one now and no call", "Complaint"),
        ("please end my membership at the end of the month", "Cancellation"),
        ("what is the capital of peru", GENERAL),
        ("tell me a joke about penguins", GENERAL),
    ],
)
async def test_a_message_is_understood_in_other_words_than_the_samples(
    judge: IntentJudge, text: str, intent: str
) -> None:
    verdict = await judge.judge([text], "demo")
    assert (verdict.intent, verdict.engine) == (intent, "prototypes")
    assert (verdict.confidence <= LEAST_CONFIDENCE) is (intent == GENERAL)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Ich wurde zweimal belastet und möchte mein Geld zurück", "Refund Request"),
        ("Quiero cancelar mi suscripción", "Cancellation"),
    ],
)
async def test_what_is_written_in_words_that_the_models_do_not_know_is_judged_by_cues(
    judge: IntentJudge, text: str, intent: str
) -> None:
    verdict = await judge.judge([text], "demo")
    assert (verdict.intent, verdict.engine) == (intent, "cues")


async def test_a_tenant_with_labels_of_its_own_is_judged_by_them_alone(judge: IntentJudge) -> None:
    assert (await judge.judge(["My tulips have brown leaves"], "garden")).intent == "Plants"
    assert (await judge.judge(["The spade is broken and I need a new one"], "garden")).intent == "Tools"
    assert (await judge.judge(["Please refund my invoice of last month"], "garden")).intent == GENERAL


async def test_the_newest_message_decides_and_the_one_before_explains_it(judge: IntentJudge) -> None:
    earlier = "I want to cancel my subscription"
    assert (await judge.judge(["yes, for both of us", earlier], "demo")).intent == "Cancellation"
    assert (await judge.judge(["The app crashes with an error message", earlier], "demo")).intent == "Technical Issue"


MATTERS = {
    "The app crashes every time I sync a folder": "Technical Issue",
    "Why was I charged twice this month?": "Billing Inquiry",
    "My phone was stolen and somebody is in my account": "Account Issue",
    "I returned the coat and want my money back": "Refund Request",
}
SAYS_LITTLE = (
    *("thanks", "Thank you very much!", "ok", "Okay great", "yes please", "sure", "👍", "???", "hello?"),
    *("any news?", "Any update?", "is there any progress?", "hurry", "Please be quick, my train leaves at six"),
    *("how long will that take?", "alright, I'll wait", "It's number 4471", "Yes, it's Teresa Maldonado", "and now?"),
    *("Oh thank God. Please hurry with the rest, my rent goes out tomorrow morning from that account.", "I hope so"),
    *("I'll believe it when it is in my account. If nothing is there on Friday you will hear from us.", "fine by me"),
    *("gracias", "muchas gracias, espero", "¿hay novedades?", "¿hola?", "merci beaucoup", "des nouvelles ?"),
    *("danke schön", "gibt es etwas Neues?", "beeilen Sie sich bitte", "grazie mille", "ci sono novità?", "va bene"),
    *("Anyone there?", "d'accord", "obrigada", "alguma novidade?", "ありがとうございます", "谢谢", "спасибо", "شكرا"),
)


@pytest.mark.parametrize("little", SAYS_LITTLE)
async def test_a_message_that_says_little_leaves_the_intent_standing(judge: IntentJudge, little: str) -> None:
    for matter, intent in MATTERS.items():
        before, after = await judge.judge([matter], "demo"), await judge.judge([little, matter], "demo")
        assert (after.intent, after.confidence < before.confidence) == (intent, True), matter
        assert after.confidence > LEAST_CONFIDENCE


@pytest.mark.parametrize("little", ["gracias", "hello?", "merci, j'attends", "ok danke"])
@pytest.mark.parametrize(
    ("matter", "intent"),
    [("Je veux un remboursement", "Refund Request"), ("Ich kann mich nicht anmelden", "Account Issue")],
)
async def test_so_it_does_in_other_languages(judge: IntentJudge, little: str, matter: str, intent: str) -> None:
    assert (await judge.judge([little, matter], "demo")).intent == intent


async def test_several_messages_that_say_little_are_not_the_matter(judge: IntentJudge) -> None:
    said = ["thanks", "hello?", "it's 4471", "ok", "I would like to cancel my contract"]
    answers = [await judge.judge(said[at:], "demo") for at in range(len(said))]
    assert {answer.intent for answer in answers} == {"Cancellation"}
    assert [answer.confidence for answer in answers] == sorted(answer.confidence for answer in answers)


@pytest.mark.parametrize(
    ("newest", "intent"),
    [
        ("ok, then just refund me", "Refund Request"),
        ("You know what, I want my money back", "Refund Request"),
        ("By the way, I cannot log in to my account either", "Account Issue"),
        ("thanks! another thing, I forgot my password", "Account Issue"),
        ("Could you also add a dark mode?", "Feature Request"),
        ("I want to speak to a manager, this is unacceptable", "Complaint"),
        ("thanks, but please cancel my subscription now", "Cancellation"),
        ("Quiero cancelar mi suscripción", "Cancellation"),
        ("Je veux un remboursement", "Refund Request"),
        ("Ich kann mich nicht einloggen", "Account Issue"),
    ],
)
@pytest.mark.parametrize("matter", ["The app crashes every time I sync", "Why was I charged twice this month?"])
async def test_another_matter_wins(judge: IntentJudge, newest: str, intent: str, matter: str) -> None:
    assert (await judge.judge([newest, matter], "demo")).intent == intent


async def test_a_first_message_that_says_little_has_no_intent(judge: IntentJudge) -> None:
    for text in ("hello?", "thanks for your help", "are you there?", "gracias"):
        assert (await judge.judge([text], "demo")).intent == GENERAL


async def test_before_the_customer_writes_nothing_is_claimed(judge: IntentJudge) -> None:
    assert await judge.judge([], "demo") == IntentVerdict(GENERAL, 0.0, "prototypes")


async def test_without_the_encoder_cues_judge() -> None:
    verdict = await IntentJudge().judge(["I want my money back"], "demo")
    assert (verdict.intent, verdict.engine) == ("Refund Request", "cues")
    assert (await IntentJudge().judge([], "demo")).confidence == 0


def sentences(verbs: str, things: str) -> tuple[str, ...]:
    return tuple(f"{verb} {thing}" for verb in verbs.split("|") for thing in things.split("|"))


def test_with_ten_samples_of_each_label_a_head_is_fitted_that_knows_its_own(model: MiniLM) -> None:
    taxonomy = Taxonomy(
        {
            "Booking": sentences(
                "book me|reserve|I need|please arrange", "a table|a room for two|a seat by the window"
            ),
            "Weather": sentences("will there be|is there any|how much", "rain tomorrow|snow in town|wind tonight"),
            "Music": sentences("play|put on|turn up", "some jazz|my favourite song|the radio|that album again"),
        }
    )
    few = Taxonomy({**taxonomy.samples, "Weather": taxonomy.samples["Weather"][:9]})
    assert isinstance(head_for(few, model.run([text for text, _ in few.rows()])), Prototypes)
    more = Taxonomy({**taxonomy.samples, "Weather": (*taxonomy.samples["Weather"], "does the sun shine on Sunday")})
    head = head_for(more, model.run([text for text, _ in more.rows()]))
    assert isinstance(head, FittedHead)
    texts = [
        "get us a table at eight",
        "does it rain in the mountains",
        "I want to hear the Beatles",
        "my tax form is late",
    ]
    found = head.probabilities(texts, model.run(texts))
    assert list(found[:3].argmax(axis=1)) == [0, 1, 2]
    assert found[3].max() < found[:3].max(axis=1).min()
    assert np.all(found.sum(axis=1) <= 1 + 1e-5)
