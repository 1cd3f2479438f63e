"""What a remote model is asked to answer: small and flat, evidence before verdicts, and never an offset.

Bounds are told in the schema and enforced afterwards by shortening and clamping (``shaping``): a model cannot count
characters, and an answer is not worth less for one too many. Figures are whole percents, because models lose
themselves in the digits of fractions. Unknown fields make an entry unusable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from signalstream.models.intelligence import Emotion, SentimentLabel, Urgency

MOST_CHARACTERS = 4_000
"""Of any text in an answer: beyond this it is no answer but a loop."""
MOST_ITEMS = 100
MOST_LABELS_IN_SCHEMA = 40


def _text(most: int) -> Any:
    return Field(max_length=MOST_CHARACTERS, json_schema_extra={"maxLength": most})


def _items(most: int) -> Any:
    return Field(max_length=MOST_ITEMS, json_schema_extra={"maxItems": most})


def _whole(least: int, most: int) -> Any:
    return Field(json_schema_extra={"minimum": least, "maximum": most})


Percent = Annotated[int, _whole(0, 100)]
Phrase = Annotated[str, _text(140)]
Passage = Annotated[str, _text(300)]


class Entry(BaseModel):
    """The answer for one conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(max_length=64)]


class SentimentEntry(Entry):
    """The sentiment of the customer's newest message."""

    evidence: Passage
    sentiment: SentimentLabel
    emotion: Emotion
    score: Annotated[int, _whole(-100, 100)]
    confidence: Percent


class PiiKind(StrEnum):
    """The types of personal data that a model is asked for: those that patterns may miss."""

    NAME = "name"
    ADDRESS = "address"
    EMAIL = "email"
    PHONE = "phone"
    DATE_OF_BIRTH = "date_of_birth"
    USERNAME = "username"
    NATIONAL_ID = "national_id"
    PASSPORT = "passport"
    CREDIT_CARD = "credit_card"
    ACCOUNT_NUMBER = "account_number"
    ORDER_NUMBER = "order_number"
    PASSWORD = "password"  # noqa: S105 - the name of a type


class PiiQuote(BaseModel):
    """Personal data as it was written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quote: Annotated[str, _text(200)]
    kind: PiiKind


class PiiEntry(Entry):
    """Personal data of the newest message that was not taken out before."""

    entities: Annotated[tuple[PiiQuote, ...], _items(20)]


class InsightsEntry(Entry):
    """What the customer wants, how soon, and what to do."""

    concerns: Annotated[tuple[Phrase, ...], _items(3)]
    intent: Annotated[str, _text(100)]
    intent_confidence: Percent
    urgency_evidence: Phrase
    urgency: Urgency
    escalate: bool
    actions: Annotated[tuple[Phrase, ...], _items(4)]
    response: Annotated[str, _text(800)]


class SummaryEntry(Entry):
    """The conversation in short; ``lines`` are the numbers of the messages that it rests on."""

    lines: Annotated[tuple[int, ...], _items(12)]
    customer_issue: Passage
    agent_response: Passage
    key_points: Annotated[tuple[Phrase, ...], _items(5)]
    next_steps: Annotated[tuple[Phrase, ...], _items(4)]
    tldr: Annotated[str, _text(500)]


def answer_schema(entry: type[Entry]) -> dict[str, Any]:
    """Return the JSON Schema of ``{"results": [entry, ...]}`` without references, titles and descriptions."""
    whole = entry.model_json_schema()
    return _closed({"results": {"type": "array", "items": _inlined(whole, whole.get("$defs", {}))}})


def with_intents(schema: Mapping[str, Any], labels: Sequence[str]) -> Mapping[str, Any]:
    """Return ``schema`` with ``labels`` as the only values of ``intent``, a copy.

    Where they are more than MOST_LABELS_IN_SCHEMA, or none, it stays as it is: servers refuse large enums.
    """
    if not 0 < len(labels) <= MOST_LABELS_IN_SCHEMA:
        return schema
    copy = deepcopy(dict(schema))
    copy["properties"]["results"]["items"]["properties"]["intent"] = {"type": "string", "enum": list(labels)}
    return copy


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _inlined(node: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        return _inlined(known[node["$ref"].rsplit("/", 1)[-1]], known)
    if node.get("type") == "object":
        return _closed({name: _inlined(one, known) for name, one in node["properties"].items()})
    plain = {key: value for key, value in node.items() if key not in {"title", "description", "items"}}
    return {**plain, "items": _inlined(node["items"], known)} if "items" in node else plain
