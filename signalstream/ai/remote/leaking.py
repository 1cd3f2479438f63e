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
from dataclasses import dataclass

from signalstream.core.text import folded

WINDOW = 40
"""Letters and digits in a row, some eight words: shorter pieces occur in honest answers ("anger, wrong charges")."""
BLOCK = WINDOW // 2
_NO_LETTER = re.compile(r"[\W_]+")
_CODED = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")


@dataclass(frozen=True)
class Told:
    """Instructions as pieces: ``pieces`` is every one that an answer must not hold, ``blocks`` every half of one."""

    pieces: frozenset[str]
    blocks: frozenset[str]


def windows(instructions: str) -> Told:
    """Return every piece of the instructions that an answer must not hold."""
    letters = _letters(instructions)
    return Told(frozenset(_runs(letters, WINDOW)), frozenset(_runs(letters, BLOCK)))


def recites(text: str, told: Told) -> bool:
    """Say whether ``text`` holds one of the pieces, as it is or in one of the simple codes."""
    return any(_holds(_letters(form), told) for form in _forms(text))


def _holds(letters: str, told: Told) -> bool:
    # Wherever a piece stands, one of the blocks at every multiple of its half is within it: few are looked at.
    blocks = (letters[at : at + BLOCK] for at in range(0, len(letters) - BLOCK + 1, BLOCK))
    return any(block in told.blocks for block in blocks) and any(
        piece in told.pieces for piece in _runs(letters, WINDOW)
    )


def _runs(letters: str, length: int) -> Iterator[str]:
    return (letters[at : at + length] for at in range(len(letters) - length + 1))


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", folded(text))


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
