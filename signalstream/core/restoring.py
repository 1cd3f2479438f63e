"""An insight with the values that placeholders in its texts stand for, for who may see them.

Only what is written for people to read on is restored: sentiment, insights and summary. What was found as personal data
stays as it is shown to everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from signalstream.core.redaction import PLACEHOLDER

RESTORED = ("sentiment", "insights", "summary")


def placeholders_in(insight: Mapping[str, JsonValue]) -> frozenset[str]:
    """Return the placeholders in those parts."""
    texts = (text for part in RESTORED for text in _texts(insight.get(part)))
    return frozenset(match[0] for text in texts for match in PLACEHOLDER.finditer(text))


def restored(insight: Mapping[str, JsonValue], values: Mapping[str, str]) -> dict[str, JsonValue]:
    """Return the insight with values in place of their placeholders; one that ``values`` does not have stays.

    A value that looks like a placeholder itself is not looked up again.
    """
    return {name: _restored(part, values) if name in RESTORED else part for name, part in insight.items()}


def _restored(node: JsonValue, values: Mapping[str, str]) -> JsonValue:
    if isinstance(node, str):
        return PLACEHOLDER.sub(lambda match: values.get(match[0], match[0]), node)
    if isinstance(node, list):
        return [_restored(one, values) for one in node]
    if isinstance(node, dict):
        return {name: _restored(one, values) for name, one in node.items()}
    return node


def _texts(node: JsonValue) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for one in node:
            yield from _texts(one)
    elif isinstance(node, dict):
        for one in node.values():
            yield from _texts(one)
