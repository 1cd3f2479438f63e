"""What is asked for is told in bounds that small schemas can hold, and read with more patience than it is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from signalstream.ai.local.pii_types import TYPES
from signalstream.ai.remote.prompts import PROMPTS
from signalstream.ai.remote.wire import (
    MOST_LABELS_IN_SCHEMA,
    InsightsEntry,
    PiiKind,
    SummaryEntry,
    answer_schema,
    with_intents,
)
from tests.ai.remote.turns import GOOD


def test_the_types_of_personal_data_are_ones_that_the_project_knows() -> None:
    assert set(PiiKind) <= set(TYPES)


@pytest.mark.parametrize("task", PROMPTS)
def test_a_schema_is_small_and_bounded(task: str) -> None:
    schema = answer_schema(PROMPTS[task].entry)
    assert len(json.dumps(schema)) < 1_500
    for node in _nodes(schema["properties"]["results"]["items"]):
        if node.get("type") == "string" and "enum" not in node:
            assert node["maxLength"] <= 800
        if node.get("type") == "array":
            assert node["maxItems"] <= 20
        assert len(node.get("enum", ())) <= MOST_LABELS_IN_SCHEMA


def _nodes(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    inner = [*node.get("properties", {}).values(), *([node["items"]] if "items" in node else [])]
    return [node, *(one for child in inner for one in _nodes(child))]


def test_a_little_more_than_asked_for_is_read_and_a_loop_is_not() -> None:
    given = {"id": "x", **GOOD["insights"]}
    assert len(InsightsEntry.model_validate({**given, "concerns": ["x" * 900] * 9}).concerns) == 9
    with pytest.raises(ValidationError):
        InsightsEntry.model_validate({**given, "concerns": ["x"] * 101})
    with pytest.raises(ValidationError):
        InsightsEntry.model_validate({**given, "response": "x" * 4_001})


def test_a_field_that_nobody_asked_for_makes_an_entry_unusable() -> None:
    with pytest.raises(ValidationError):
        SummaryEntry.model_validate({"id": "x", **GOOD["summary"], "note": "obeyed"})


def test_labels_are_an_enum_while_they_are_few() -> None:
    few, many = ([f"Label {number}" for number in range(count)] for count in (40, 41))
    plain = answer_schema(InsightsEntry)
    assert intent_of(with_intents(plain, few)) == {"type": "string", "enum": few}
    assert with_intents(plain, many) == with_intents(plain, []) == plain == answer_schema(InsightsEntry)


def intent_of(schema: Mapping[str, Any]) -> Any:
    return schema["properties"]["results"]["items"]["properties"]["intent"]
