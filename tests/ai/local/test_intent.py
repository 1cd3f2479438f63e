"""Intents by sample sentences: the default ones, a tenant's own, and none where none fits."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest

from signalstream.ai.local.encoder import Encoder
from signalstream.ai.local.intent import LEAST_CONFIDENCE, IntentJudge, IntentVerdict, intent_heads_for
from signalstream.ai.local.intent_heads import FittedHead, Prototypes, head_for
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


@pytest.fixture
async def judge(model: MiniLM) -> AsyncIterator[IntentJudge]:
    encoder = Encoder(model.run)
    encoder.start()
    yield IntentJudge(encoder, intent_heads_for(model.run, {"garden": GARDEN}), load_models({}).heads["sentiment"])
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
