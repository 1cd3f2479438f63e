"""Names of persons, from the model's words.

A word is a name where the model says so clearly enough, in lower case too; less is asked of a capitalised word beside a
name, and more of a word in lower case that stands alone (``pii_lone_names``). Around a name, initials, particles
("van der") and titles ("Dr.") belong to it. Brands, greetings and everyday words are no names, whatever the model says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from signalstream.ai.local.pii_lone_names import is_report, is_told_of
from signalstream.ai.local.pii_not_names import BRANDS, EVERYDAY
from signalstream.ai.local.pii_not_persons import NOT_PERSONS
from signalstream.ai.local.pii_sentence_words import OPENERS, SENTENCE_WORDS
from signalstream.ai.local.pii_words import Word
from signalstream.core.redaction import Span

DETECTOR = "rampart"
KIND = "name"
ALONE = 2.0  # times the threshold, for a single word in lower case
_NO_NAMES = BRANDS | EVERYDAY | SENTENCE_WORDS | NOT_PERSONS
BESIDE = 0.25  # times the threshold, for a capitalised word that is beside a name or in a list with one
_PARTICLES = frozenset(
    "de da do dos del della di du la le el van von der den ter ten zu af av bin ibn al ben abu y e st o d".split()  # noqa: SIM905 - reads as one
)
_TITLES = re.compile(r"(?i)\b(?:dr|prof|rev|sir|dame|lord|lady|capt|sgt|lt|hon)\.? $")
_COMPANY = re.compile(
    r"(?i)(?:'s)? (?:& )?(?:bank(?! (?:account|details|transfer|statement|card))|airlines?|airways|inc|ltd|llc|gmbh|"
    r"corp|co|hotels?|pizza|restaurant|steakhouse|grill|cafe|diner|bakery)\b"
)
_AT = re.compile(r"(?i)(?<!angry )(?<!mad )(?<!yelled )(?<!looked )\b(?:at|near|nearest) $")
_MY_BRAND = re.compile(r"(?i)\b(?:my|our) $")
_PRODUCT = re.compile(
    r"(?i) (?:(?:credit|debit|gift|reward|checking|savings|bank|store) )?"
    r"(?:accounts?|cards?|bill|loan|app|rewards|points)\b"
)
_REST = re.compile(r"(?:[-\u2019'](?!s\b)[^\W\d_]{2,24}){1,2}")
_OPENS = re.compile(r"(?:^|[.!?:\n\u2026]\s*)[\u00bf\u00a1\"\u201e\u00ab]?$")
_MARKS = frozenset(",.!:\u2026")
_GAP = re.compile(r"[ \t]?|['\u2019.-]|\. ?|, |,? (?:and|&) ")


def find_names(text: str, words: Sequence[Word], threshold: float, *, beside: bool = False) -> tuple[Span, ...]:
    """Return the names. ``threshold`` is the least likelihood of a word, between 0 and 1.

    ``beside`` says that there is other personal data in the text: then a name in lower case needs no evidence of its
    own.
    """
    sure = _sure(text, words, threshold)
    runs = [words[first : last + 1] for first, last in _runs(text, words, sure)]
    whole = [span for run in runs if not _is_alone(run) and (span := _span(text, run))]
    alone = [span for run in runs if _is_alone(run) and (span := _span(text, run))]
    told = {text[one.start : one.end] for one in alone if is_told_of(text, one)}
    if beside or whole or is_report(text):
        told |= {text[one.start : one.end] for one in alone if one.confidence >= threshold * ALONE}
    return (*whole, *(one for one in alone if text[one.start : one.end] in told))


def _is_alone(run: Sequence[Word]) -> bool:
    """Say whether a run is a word in lower case without another beside it; "o'neal" is one word."""
    return not run[0].is_capital and all(one.start - before.end < 1 for before, one in pairwise(run))


def _sure(text: str, words: Sequence[Word], threshold: float) -> list[bool]:
    sure = [_is_name(word, threshold) for word in words]
    for place, word in enumerate(words):
        if not sure[place] and word.is_capital and word.likelihood(KIND) >= threshold * BESIDE:
            sure[place] = _is_possible(word) and any(_beside(text, words, sure, place, step) for step in (-1, 1))
    return sure


def _is_possible(word: Word) -> bool:
    plain = word.text.casefold()
    return word.is_word and not word.has_digit and plain not in _NO_NAMES


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


def _span(text: str, run: Sequence[Word]) -> Span | None:
    start, end = run[0].start, run[-1].end
    if end - start < 2 or _is_brand(text, start, end) or _is_opener(text, start, end):
        return None
    if title := _TITLES.search(text[max(0, start - 12) : start]):
        start -= len(title[0])
    if rest := _REST.match(text, end):
        end = rest.end()
    best = max(word.likelihood(KIND) for word in run)
    return Span(start, end, KIND, DETECTOR, round(min(best, 1.0), 4))


def _is_brand(text: str, start: int, end: int) -> bool:
    """Say whether the words around make it a firm's: "longhorn steakhouse", "my charles schwab card", "at denny's"."""
    if _COMPANY.match(text, end) or (text[start].islower() and _AT.search(text, max(0, start - 16), start)):
        return True
    return _PRODUCT.match(text, end) is not None and _MY_BRAND.search(text, max(0, start - 6), start) is not None


def _is_opener(text: str, start: int, end: int) -> bool:
    return (
        text[start:end].casefold() in OPENERS
        and _OPENS.search(text, max(0, start - 6), start) is not None
        and text[end : end + 1] in _MARKS
    )
