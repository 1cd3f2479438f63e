"""Text as rules read it: folded for matching, split into sentences, shortened for a screen, searched for cues.

Nothing here backtracks: every pattern is linear in the length of the text, because customers write the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u00b4": "'", "`": "'"})
_SENTENCE_END = re.compile(r"(?<=[.!?\u2026])\s+(?=[^a-z])|(?<=[\u3002\uff01\uff1f\u061f\u0964])|[\r\n]+")


@dataclass(frozen=True)
class Cue:
    """A sign in a text. ``name`` is fit to be shown as evidence: it never quotes the text.

    ``weight`` is in the unit of the table that the cue stands in.
    """

    name: str
    weight: float
    pattern: re.Pattern[str]


def folded(text: str) -> str:
    """Return ``text`` as phrases are matched against: case folded, without accents, plain apostrophes, single spaces.

    Characters that nobody sees are dropped, so that they cannot split a word, and look-alikes (NFKD) are made plain.
    """
    if text.isascii():
        return " ".join(_UNSEEN.sub("", text).lower().split())
    seen = _UNSEEN.sub("", text).translate(_QUOTES)
    bare = "".join(character if character.isascii() else _plain(character) for character in seen)
    return " ".join(bare.casefold().split())


def _plain(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", character)
    if len(decomposed) > 4:  # a ligature of whole words: kept, or 10,000 of them would make a text of 180,000
        return character
    return "".join(part for part in decomposed if not unicodedata.combining(part))


def phrase_pattern(phrases: str) -> re.Pattern[str]:
    """Return a pattern that finds any of the phrases, separated by ``|``, as whole words in folded text.

    ``*`` at the end of a word stands for up to 12 more letters, as in ``cancel*``.
    """
    words = (folded(phrase) for phrase in phrases.split("|"))
    return re.compile(rf"(?<!\w)(?:{'|'.join(_escaped(word) for word in words if word)})(?!\w)")


def _escaped(phrase: str) -> str:
    return re.escape(phrase).replace(r"\*", r"\w{0,12}").replace(r"\ ", " ")


def cue(name: str, weight: float, phrases: str) -> Cue:
    """Return a cue for any of the phrases, separated by ``|`` (see ``phrase_pattern``)."""
    return Cue(name, weight, phrase_pattern(phrases))


def matched(cues: Iterable[Cue], text: str) -> tuple[Cue, ...]:
    """Return the cues that occur in ``text``, which must be folded."""
    return tuple(one for one in cues if one.pattern.search(text))


def sentences(text: str, most: int = 200) -> tuple[str, ...]:
    """Split into at most ``most`` sentences, white space collapsed, none empty."""
    found: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        _keep(found, text[start : end.start()])
        start = end.end()
        if len(found) >= most:
            return tuple(found)
    _keep(found, text[start:])
    return tuple(found)


def _keep(found: list[str], sentence: str) -> None:
    collapsed = " ".join(_UNSEEN.sub("", sentence).split())
    if collapsed:
        found.append(collapsed)


def shortened(text: str, characters: int) -> str:
    """Cut to at most ``characters``, at a word's end where there is one, never through a placeholder like [EMAIL_1]."""
    if len(text) <= characters:
        return text
    cut = text[: characters - 1]
    opened = cut.rfind("[")
    if opened > cut.rfind("]") and len(cut) - opened <= 40:
        cut = cut[:opened]
    space = cut.rfind(" ")
    if space >= characters // 2 and not text[len(cut)].isspace():
        cut = cut[:space]
    return cut.rstrip() + "\u2026"
