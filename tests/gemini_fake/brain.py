"""Writes an answer that follows the schema of a question, one result for each conversation in its data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.gemini_fake.exchange import Asked
from tests.gemini_fake.judgement import Judgement
from tests.gemini_fake.reading import conversations_in, labels_in

Schema = Mapping[str, Any]
_TYPES = {1: "string", 2: "number", 3: "integer", 4: "boolean", 5: "array", 6: "object"}
RESULTS = "results"
_WISH = re.compile(r"\[\[answer:(missing|wrong)\]\]")


def plain(schema: Schema) -> dict[str, Any]:
    """Return a schema of any dialect with JSON Schema's names: lower-case types, ``maxItems``."""
    read: dict[str, Any] = {}
    for key, value in schema.items():
        if key in {"type", "type_"}:
            read["type"] = _TYPES[value] if isinstance(value, int) else str(value).lower()
        elif key == "properties":
            read[key] = {name: plain(one) for name, one in value.items()}
        elif key == "items":
            read[key] = plain(value)
        else:
            read[{"max_items": "maxItems", "min_items": "minItems"}.get(key, key)] = value
    return read


def answer_to(asked: Asked) -> str:
    """Return the answer's text: JSON where a schema or JSON was asked for, else a sentence."""
    judgements = [Judgement(conversation) for conversation in conversations_in(asked.data)]
    if asked.schema is not None:
        schema = plain(asked.schema)
        return json.dumps(whole(schema, judgements, labels_in(asked.data)), ensure_ascii=False)
    if asked.json_mode:
        return json.dumps({RESULTS: [{"id": one.of("id"), "sentiment": one.of("sentiment")} for one in judgements]})
    return "This is an answer without a form."


def whole(schema: Schema, judgements: list[Judgement], labels: tuple[str, ...]) -> Any:
    """Return the object of a schema; an array of ``results`` gets one entry for each conversation."""
    properties = schema.get("properties", {})
    if RESULTS not in properties:
        return filled(schema, "", judgements[0], labels)
    entry = properties[RESULTS]["items"]
    results = [flawed(filled(entry, RESULTS, one, labels), one.conversation.text) for one in judgements]
    return {RESULTS: [result for result in results if result is not None]}


def flawed(result: dict[str, Any], text: str) -> dict[str, Any] | None:
    """Return a conversation's result as its text wishes: ``[[answer:missing]]``, ``[[answer:wrong]]``, or as it is."""
    wish = _WISH.search(text)
    if wish is None:
        return result
    return None if wish[1] == "missing" else {"id": result.get("id"), "unexpected": True}


def filled(schema: Schema, name: str, judgement: Judgement, labels: tuple[str, ...] = ()) -> Any:
    """Return the content of one property of the schema."""
    return fitted(schema, name, judgement.of(name), judgement, labels)


def fitted(schema: Schema, name: str, guess: Any, judgement: Judgement, labels: tuple[str, ...]) -> Any:
    """Return ``guess`` where the schema takes it, else the smallest value that it takes."""
    choice = schema.get("enum") or (labels if name == "intent" else ())
    if choice:
        return next((value for value in choice if str(value).lower() == str(guess).lower()), choice[0])
    match schema.get("type"):
        case "object":
            known = guess if isinstance(guess, Mapping) else {}
            inner = schema.get("properties", {})
            return {
                key: fitted(one, key, known.get(key, judgement.of(key)), judgement, ()) for key, one in inner.items()
            }
        case "array":
            return listed(schema, name, guess, judgement)
        case "integer" | "number":
            return guess if isinstance(guess, int) else int(schema.get("minimum", 0))
        case "boolean":
            return bool(guess)
        case _:
            return guess if isinstance(guess, str) else f"some {name}"


def listed(schema: Schema, name: str, guess: Any, judgement: Judgement) -> list[Any]:
    """Return a list as long as the schema lets it be; what is not known gets the least number of items."""
    items = guess if isinstance(guess, list) else [None] * int(schema.get("minItems", 0))
    most = int(schema.get("maxItems", 0)) or len(items)
    return [fitted(schema["items"], name, item, judgement, ()) for item in items[:most]]
