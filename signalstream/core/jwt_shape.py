"""A JSON Web Token before anything of it is believed: its three parts, within bounds and with one meaning.

A claim that stands twice means one thing to one reader and another to the next, so it is refused here.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any, NamedTuple, NoReturn

MOST_CHARACTERS = 8_000
ALGORITHMS = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")

Document = dict[str, Any]


class Unverified(NamedTuple):
    """What a token says of itself: its algorithm, the type of key that it needs, which key, and its claims."""

    algorithm: str
    key_type: str
    key_id: str | None
    claims: Document


def read_token(text: str) -> Unverified | None:
    """Return what a token says, or None for what cannot be a good one.

    ``jku``, ``x5u``, ``jwk`` and ``x5c``, by which a token would bring its own key, are not looked at; ``crit`` asks
    for something that is not understood here.
    """
    if len(text) > MOST_CHARACTERS or not (parts := _SHAPE.fullmatch(text)):
        return None
    try:
        header, claims = _document(parts[1]), _document(parts[2])
    except (TypeError, ValueError, RecursionError):
        return None
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or "crit" in header:
        return None
    if key_id is not None and not isinstance(key_id, str):
        return None
    return Unverified(algorithm, ALGORITHMS[algorithm], key_id, claims)


def claim(claims: Document, name: str) -> object:
    """Return a claim by its name, or by its path where dots lead into objects: ``realm.tenant``; None without it."""
    if name in claims:
        return claims[name]
    found: object = claims
    for step in name.split("."):
        if not isinstance(found, dict) or step not in found:
            return None
        found = found[step]
    return found


def words_of(value: object) -> frozenset[str]:
    """Return the words of a claim that lists scopes: text with blanks between them, or an array of texts."""
    if isinstance(value, str):
        return frozenset(value.split())
    if isinstance(value, list):
        return frozenset(word for word in value if isinstance(word, str))
    return frozenset()


def _document(part: str) -> Document:
    data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    document = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_refuse)
    if not isinstance(document, dict):
        raise TypeError("is no object")
    return document


def _once(pairs: list[tuple[str, Any]]) -> Document:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name stands twice")
    return document


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
