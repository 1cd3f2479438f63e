"""From the model's figures to spans of personal data; the figures come from ``ner``.

Names and addresses have rooms of their own. What is left are numbers that the model holds for a phone, an account, an
id: one is kept with five digits and more, or beside a cue; the patterns know better what has a check digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from signalstream.ai.local.evidence import digits_in
from signalstream.ai.local.pii_model_names import find_names
from signalstream.ai.local.pii_model_places import find_addresses
from signalstream.ai.local.pii_words import Word, words_of
from signalstream.core.redaction import Span

if TYPE_CHECKING:
    from signalstream.ai.local.ner import Reading

DETECTOR = "rampart"
THRESHOLDS: Mapping[str, float] = {
    "name": 0.1,
    "address": 0.25,
    "phone": 0.3,
    "email": 0.3,
    "national_id": 0.5,
    "account_number": 0.5,
    "passport": 0.5,
    "drivers_license": 0.5,
}
"""The least likelihood for each kind that the model finds; a tenant may ask for more or for less.

A tenant that asks less of a name also has those masked that a text only mentions (``pii_lone_names``).
"""
FEWEST_DIGITS = {"phone": 6, "email": 0, "national_id": 5, "account_number": 5, "passport": 5, "drivers_license": 5}
_CUES = {
    "national_id": re.compile(r"(?i)\b(?:ssn|social|tax|tin|national|id|identity|government|insurance)\b"),
    "account_number": re.compile(r"(?i)\b(?:account|acct|iban|routing|sort|bank|a/c)\b"),
    "passport": re.compile(r"(?i)\bpass"),
    "drivers_license": re.compile(r"(?i)\b(?:licen[cs]e|dl|driver)"),
}
_LOOK_AROUND = 40
_NUMBER = re.compile(r"[+(]{0,2}\d[\d ().\-/]{3,24}\d(?:\s?(?:x|ext\.?)\s?\d{1,6})?", re.ASCII | re.IGNORECASE)
_PRODUCT = re.compile(
    r"(?i)\b(?:model|sku|part|product|item|size|series|version|update|firmware|resolution|ratio|error|tv|laptop|printer)"
    r"(?:[ -]?(?:number|no\.?|code))?(?: is| was)?[ :#]{0,3}$"
)
_VERSION = re.compile(r"\d+[x\u00d7]\d+|\d+(?:\.\d+)*\.\d(?:\.\d+)*", re.IGNORECASE)
_SUM = re.compile(r"\d\s*[+*\u00d7=^]\s*\d|\d [-/] \d")
_DATE = re.compile(r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)?\d\d(?!\d)|\d{1,2}:\d\d")


def model_spans(
    text: str, reading: Reading, labels: tuple[str, ...], thresholds: Mapping[str, float], *, certain: bool = False
) -> tuple[Span, ...]:
    """Return what the model finds in ``text``, in order of kind and place; spans of different kinds may overlap.

    ``certain`` says that patterns found personal data in the text: then less is asked of a name.
    """
    least = {**THRESHOLDS, **thresholds}
    if reading.figures[:, 1:].sum(axis=1).max(initial=0.0) < min(least[kind] for kind in THRESHOLDS):
        return ()  # most texts: no word is likely enough to be anything
    words = tuple(words_of(text, reading, labels))
    others = (*find_addresses(text, words, least["address"]), *_find_numbers(text, words, least))
    every = least["name"] < THRESHOLDS["name"]
    return (*find_names(text, words, least["name"], beside=every or certain or bool(others)), *others)


def _find_numbers(text: str, words: Sequence[Word], least: Mapping[str, float]) -> Iterator[Span]:
    run: list[Word] = []
    for word in (*words, None):
        kind, likelihood = word.kind() if word is not None else ("", 0.0)
        joins = word is not None and kind in FEWEST_DIGITS and likelihood >= least[kind]
        joins = joins or (bool(run) and word is not None and not word.is_word and word.end - run[-1].end <= 2)
        if run and (not joins or (word is not None and word.is_word and kind != run[0].kind()[0])):
            yield from _number(text, run)
            run = []
        if joins and word is not None and (run or word.is_word):
            run.append(word)


def _number(text: str, run: Sequence[Word]) -> Iterator[Span]:
    kind, likelihood = run[0].kind()
    start, end = _whole_number(text, run[0].start, run[-1].end)
    value = text[start:end]
    cue = _CUES.get(kind)
    around = text[max(0, start - _LOOK_AROUND) : start]
    enough = digits_in(value) >= FEWEST_DIGITS[kind] and (kind != "email" or "@" in value)
    cued = cue is not None and cue.search(around) is not None and digits_in(value) >= 2
    if (enough or cued) and not _DATE.search(value) and not _is_of_a_thing(text, start, value):
        yield Span(start, end, kind, DETECTOR, round(min(likelihood, 1.0), 4))


def _is_of_a_thing(text: str, start: int, value: str) -> bool:
    """Say whether a value is what a product, a version or a size is called, or is a sum."""
    named = _PRODUCT.search(text, max(0, start - _LOOK_AROUND), start) is not None
    return named or _VERSION.fullmatch(value) is not None or _SUM.search(value) is not None


def _whole_number(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen to the whole run of digits that a part was found of."""
    while start < end and not text[end - 1].isalnum():
        end -= 1
    for match in _NUMBER.finditer(text, max(0, start - 24), min(len(text), end + 24)):
        if match.start() < end and match.end() > start:
            return min(start, match.start()), max(end, match.end())
    return start, end
