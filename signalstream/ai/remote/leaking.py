"""Whether an answer repeats what we told the model.

Prompts hold no secret (they are published), but an answer that recites them has followed a message instead of us, so
nothing else in it can be believed. Letters are compared, without case, accents, spaces and marks: plain, backwards, in
ROT13 and decoded from base64 and hexadecimal. A translation or a paraphrase is not recognised.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator

from signalstream.core.text import folded

WINDOW = 40
"""Letters and digits in a row, some eight words: shorter pieces occur in honest answers ("anger, wrong charges")."""
_CODED = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")


def windows(instructions: str) -> frozenset[str]:
    """Return every piece of the instructions that an answer must not hold."""
    letters = _letters(instructions)
    return frozenset(letters[at : at + WINDOW] for at in range(len(letters) - WINDOW + 1))


def recites(text: str, told: frozenset[str]) -> bool:
    """Say whether ``text`` holds one of the pieces, as it is or in one of the simple codes."""
    for form in _forms(text):
        letters = _letters(form)
        if any(letters[at : at + WINDOW] in told for at in range(len(letters) - WINDOW + 1)):
            return True
    return False


def _letters(text: str) -> str:
    return "".join(character for character in folded(text) if character.isalnum())


def _forms(text: str) -> Iterator[str]:
    yield text
    yield text[::-1]
    yield codecs.encode(text, "rot13")
    for coded in _CODED.findall(text):
        yield _decoded(coded)
        try:
            yield bytes.fromhex(coded).decode("utf-8", "ignore")
        except ValueError:
            continue


def _decoded(coded: str) -> str:
    whole = coded.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(whole + "=" * (-len(whole) % 4)).decode("utf-8", "ignore")
    except binascii.Error:
        return ""
