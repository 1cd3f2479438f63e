"""JSON Schema in the words of Gemini's own schema: OpenAPI's types, no references, no defaults, no bounds of values.

The package's converter drops ``required``, so that models leave fields out, and refuses defaults and bounds. Here every
property is required, and bounds go into the description, where a model reads them; they are enforced afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
_TYPES = {
    "string": "STRING",
    "number": "NUMBER",
    "integer": "INTEGER",
    "boolean": "BOOLEAN",
    "array": "ARRAY",
    "object": "OBJECT",
}
_SAME = {"minItems": "minItems", "maxItems": "maxItems"}


class UnsayableError(ValueError):
    """The schema says what Gemini's cannot: several types at once, a reference to itself, an object of any keys."""


def gemini_schema(schema: Schema) -> dict[str, Any]:
    """Return the fields of Gemini's schema, named as in its JSON form. Raises UnsayableError."""
    return _converted(schema, schema.get("$defs", {}), ())


def _converted(schema: Schema, known: Schema, path: tuple[str, ...]) -> dict[str, Any]:
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        if name in path:
            raise UnsayableError(f"{name} holds itself, and Gemini's schemas have no references")
        return _converted({**known[name], **_described(schema)}, known, (*path, name))
    if "anyOf" in schema:
        return _nullable(schema, known, path)
    choice = [schema["const"]] if "const" in schema else schema.get("enum")
    if choice is not None:
        return _choice(choice) | _described(schema)
    return _typed(schema, known, path)


def _nullable(schema: Schema, known: Schema, path: tuple[str, ...]) -> dict[str, Any]:
    kinds = [one for one in schema["anyOf"] if one.get("type") != "null"]
    if len(kinds) != 1:
        raise UnsayableError(f"a value of {len(kinds)} types is asked for; Gemini's schemas know one, or one and null")
    return {**_converted({**kinds[0], **_described(schema)}, known, path), "nullable": True}


def _choice(values: list[Any]) -> dict[str, Any]:
    if not all(isinstance(value, str) for value in values):
        raise UnsayableError(f"a choice of other values than strings is asked for: {values}")
    return {"type": "STRING", "format": "enum", "enum": values}


def _typed(schema: Schema, known: Schema, path: tuple[str, ...]) -> dict[str, Any]:
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise UnsayableError(f"the type {kind!r} is asked for; known are {', '.join(_TYPES)}")
    fields: dict[str, Any] = {"type": _TYPES[kind], **_described(schema)}
    fields |= {_SAME[key]: str(schema[key]) for key in _SAME if key in schema}
    if kind == "array":
        fields["items"] = _converted(schema["items"], known, path)
    if kind == "object":
        properties = schema.get("properties")
        if not properties:
            raise UnsayableError("an object of any keys is asked for; Gemini answers only named properties")
        fields["properties"] = {name: _converted(one, known, path) for name, one in properties.items()}
        fields["required"] = list(properties)
    return fields


def _described(schema: Schema) -> dict[str, str]:
    """Return the description, with bounds that Gemini's schema has no field for."""
    said = [schema["description"]] if "description" in schema else []
    if "minimum" in schema and "maximum" in schema:
        said.append(f"{schema['minimum']} to {schema['maximum']}")
    if "maxLength" in schema:
        said.append(f"at most {schema['maxLength']} characters")
    return {"description": "; ".join(said)} if said else {}
