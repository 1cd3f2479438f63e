from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from signalstream.ai.remote.gemini_schema import UnsayableError, gemini_schema
from signalstream.ai.remote.prompts import PROMPTS


class Inner(BaseModel):
    name: str
    score: int = Field(default=0, ge=-5, le=5)


class Outer(BaseModel):
    """Says what it is."""

    verdict: Literal["yes", "no"] = Field(description="The end.")
    only: Literal["one"]
    inner: Inner
    others: list[Inner] | None = None
    notes: list[str] = Field(default_factory=list, min_length=1, max_length=3)


class Tree(BaseModel):
    branches: list[Tree]


def test_every_property_is_required_in_the_order_of_the_class() -> None:
    said = gemini_schema(Outer.model_json_schema())

    assert said["required"] == ["verdict", "only", "inner", "others", "notes"] == list(said["properties"])
    assert said["properties"]["inner"]["required"] == ["name", "score"]


def test_choices_references_and_nothing_at_all_are_said_in_geminis_words() -> None:
    properties = gemini_schema(Outer.model_json_schema())["properties"]

    assert properties["verdict"] == {
        "type": "STRING",
        "format": "enum",
        "enum": ["yes", "no"],
        "description": "The end.",
    }
    assert properties["only"] == {"type": "STRING", "format": "enum", "enum": ["one"]}
    assert properties["others"]["nullable"] is True
    assert properties["others"]["items"]["properties"]["name"] == {"type": "STRING"}
    assert properties["notes"] == {"type": "ARRAY", "minItems": "1", "maxItems": "3", "items": {"type": "STRING"}}


def test_bounds_are_told_in_words() -> None:
    bounded = {"type": "string", "maxLength": 140, "description": "A phrase"}
    score = gemini_schema(Outer.model_json_schema())["properties"]["inner"]["properties"]["score"]

    assert gemini_schema(bounded)["description"] == "A phrase; at most 140 characters"
    assert score == {"type": "INTEGER", "description": "-5 to 5"}


@pytest.mark.parametrize(
    "schema",
    [
        Tree.model_json_schema(),
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        {"enum": [1, 2]},
        {"type": ["string", "null"]},
        {"type": "object"},
        {},
    ],
)
def test_what_cannot_be_said_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(UnsayableError):
        gemini_schema(schema)


@pytest.mark.parametrize("task", PROMPTS)
def test_every_question_of_ours_can_be_said(task: str) -> None:
    ours = PROMPTS[task].schema

    entry = gemini_schema(ours)["properties"]["results"]["items"]

    assert entry["required"] == list(ours["properties"]["results"]["items"]["properties"])
