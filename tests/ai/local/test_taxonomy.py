"""A tenant's own intents: a file of labels with sentences, refused with the place where it is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signalstream.ai.local.intent_rules import GENERAL, INTENTS
from signalstream.ai.local.taxonomy import DEFAULT, Advice, load_taxonomies
from signalstream.errors import ConfigurationError


def written(folder: Path, content: object) -> Path:
    path = folder / "intents.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_labels_and_sentences_keep_their_order(tmp_path: Path) -> None:
    labels = {"Lost card": ["my card is gone", "I lost it"], "Top up": ["add money"], GENERAL: []}
    (taxonomy,) = load_taxonomies(written(tmp_path, {"bank": labels})).values()
    assert taxonomy.labels == ("Lost card", "Top up")
    assert taxonomy.rows() == [("my card is gone", 0), ("I lost it", 0), ("add money", 1)]


def test_a_label_may_say_what_to_do_and_what_to_reply(tmp_path: Path) -> None:
    lost = {"sentences": ["my card is gone"], "actions": ["Block the card"], "response": "We are blocking it."}
    labels = {"Lost card": lost, "Top up": {"sentences": ["add money"]}, "Fees": ["what is this fee"], GENERAL: ["hi"]}
    taxonomy = load_taxonomies(written(tmp_path, {"bank": labels}))["bank"]
    assert taxonomy.advice == {"Lost card": Advice(("Block the card",), "We are blocking it.")}
    assert taxonomy.rows() == [("my card is gone", 0), ("add money", 1), ("what is this fee", 2), ("hi", 3)]


def test_without_a_file_there_are_none() -> None:
    assert load_taxonomies(None) == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no JSON"),
        ([], "must hold an object"),
        ({"bank": []}, "bank: expected an object of 2 to"),
        ({"bank": {"one": ["a"]}}, "bank: expected an object of 2 to"),
        ({"bank": {"one": ["a"], "two": []}}, "bank: two: no sample sentence"),
        ({"bank": {"one": ["a"], "two": "b"}}, "bank: two: expected a list"),
        ({"bank": {"one": ["a"], "two": [" "]}}, "bank: two: expected a list"),
        ({"bank": {"one": ["a"], "two": ["b" * 1_001]}}, "bank: two: a sentence is longer"),
        ({"bank": {"one": ["a"], "two": {"actions": ["b"]}}}, "bank: two: no sample sentence"),
        ({"bank": {"one": ["a"], "two": {"sentences": ["b"], "reply": "c"}}}, "bank: two: unknown reply; known"),
        ({"bank": {"one": ["a"], "two": {"sentences": ["b"], "actions": "c"}}}, "bank: two: actions: expected a list"),
        ({"bank": {"one": ["a"], "two": {"sentences": ["b"], "response": " "}}}, "bank: two: response: expected"),
        ({"bank": {"one": ["a"] * 20_000, "two": ["b"]}}, "bank: more than 20000 sentences"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_taxonomies(written(tmp_path, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot read the taxonomy file .*nothing"):
        load_taxonomies(tmp_path / "nothing.json")


def test_the_default_labels_are_those_of_the_wire_contract() -> None:
    assert {*DEFAULT.labels, GENERAL} == set(INTENTS)
