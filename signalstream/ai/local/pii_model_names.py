"""Names of persons, from the model's words.

A word is a name where the model says so clearly enough, in lower case too; less is asked of a capitalised word beside a
name. Around a name, initials, particles ("van der") and titles ("Dr.") belong to it. Brands, greetings and everyday
words are no names, whatever the model says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from signalstream.ai.local.pii_not_names import BRANDS, EVERYDAY
from signalstream.ai.local.pii_not_persons import NOT_PERSONS
from signalstream.ai.local.pii_words import Word
from signalstream.core.redaction import Span

DETECTOR = "rampart"
KIND = "name"
ALONE = 2.0  # times the threshold, for a single word in lower case
_NO_NAMES = (BRANDS, EVERYDAY, NOT_PERSONS)
BESIDE = 0.25  # times the threshold, for a capitalised word that is beside a name or in a list with one
_PARTICLES = frozenset(
    "de da do dos del della di du la le el van von der den ter ten zu af av bin ibn al ben abu y e st o d".split()  # noqa: SIM905 - reads as one
)
_TITLES = re.compile(r"(?i)\b(?:dr|prof|rev|sir|dame|lord|lady|capt|sgt|lt|hon)\.? $")
_COMPANY = re.compile(
    r"(?i)^(?:'s)?[ ,&]{1,2}(?:bank|card|airlines?|airways|inc|ltd|llc|gmbh|corp|hotels?|stores?|pizza|restaurant|"
    r"steakhouse|grill|cafe|app|bar|support|team|rewards|visa|credit|savings|checking|street|road|avenue)\b"
)
_REST = re.compile(r"(?:[-\u2019'](?!s\b)[^\W\d_]{2,24}){1,2}")
_GAP = re.compile(r"[ \t]?|['\u2019.-]|\. ?|, |,? (?:and|&) ")


def find_names(text: str, words: Sequence[Word], threshold: float) -> Iterator[Span]:
    """Yield the names. ``threshold`` is the least likelihood of a word, between 0 and 1."""
    sure = [_is_name(word, threshold) for word in words]
    for place, word in enumerate(words):
        if not sure[place] and word.is_capital and word.likelihood(KIND) >= threshold * BESIDE:
            sure[place] = _is_possible(word) and any(_beside(text, words, sure, place, step) for step in (-1, 1))
    for first, last in _runs(text, words, sure):
        if first == last and not words[first].is_capital and words[first].likelihood(KIND) < threshold * ALONE:
            continue
        if span := _span(text, words, first, last):
            yield span


def _is_possible(word: Word) -> bool:
    plain = word.text.casefold()
    return word.is_word and not word.has_digit and not any(plain in words for words in _NO_NAMES)


def _is_name(word: Word, threshold: float) -> bool:
    kind, likelihood = word.kind()
    return kind == KIND and likelihood >= threshold and _is_possible(word)


def _beside(text: str, words: Sequence[Word], sure: list[bool], place: int, step: int) -> bool:
    """Say whether the next word that is one, or the one after "and", is a name."""
    here, end = place + step, place + 4 * step
    while 0 <= here < len(words) and here != end:
        if sure[here]:
            first, last = sorted((place, here))
            return _GAP.fullmatch(text[words[first].end : words[last].start]) is not None
        if words[here].is_word and words[here].text != "and":
            return False
        here += step
    return False


def _runs(text: str, words: Sequence[Word], sure: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield (first, last) of words that make one name: sure ones, and what stands between and after them."""
    place = 0
    while place < len(words):
        if not sure[place]:
            place += 1
            continue
        last = place
        while (further := _next(text, words, sure, last)) is not None:
            last = further
        yield place, last
        place = last + 1


def _next(text: str, words: Sequence[Word], sure: Sequence[bool], last: int) -> int | None:
    """Return the next word of the name that ends with ``last``, over an initial, a particle, an apostrophe."""
    for between, here in enumerate(range(last + 1, min(last + 6, len(words)))):
        gap = text[words[here - 1].end : words[here].start]
        if gap.strip(" ") or len(gap) > 2:
            return None
        word = words[here]
        if sure[here] or (between == 0 and _continues(words, last, word, gap)):
            return here
        if not _joins(word):
            return None
    return None


def _continues(words: Sequence[Word], last: int, word: Word, gap: str) -> bool:
    cased = words[last].is_capital and word.is_capital and not (word.text.isupper() and len(word.text) > 1)
    return cased and gap == " " and len(word.text) > 1 and _is_possible(word)


def _joins(word: Word) -> bool:
    return word.text in ".'\u2019-" or len(word.text) == 1 or word.text.casefold() in _PARTICLES


def _span(text: str, words: Sequence[Word], first: int, last: int) -> Span | None:
    start, end = words[first].start, words[last].end
    if end - start < 2 or _COMPANY.match(text, end):
        return None
    if title := _TITLES.search(text[max(0, start - 12) : start]):
        start -= len(title[0])
    if rest := _REST.match(text, end):
        end = rest.end()
    best = max(word.likelihood(KIND) for word in words[first : last + 1])
    return Span(start, end, KIND, DETECTOR, round(min(best, 1.0), 4))
