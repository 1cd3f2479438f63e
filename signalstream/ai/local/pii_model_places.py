"""Street addresses, from the model's words.

The parts of an address are joined over what stands between them ("12 Elm Row, Flat 3, Leeds"), and what follows of
flats, towns, codes and countries is taken along. A town alone is no address ("my card did not work in Leeds"): parts
count where a street is among them, or a number of five digits and more, or a cue such as "I live in" stands before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from signalstream.ai.local.evidence import digits_in
from signalstream.ai.local.pii_not_persons import MEASURES
from signalstream.ai.local.pii_words import Word
from signalstream.core.redaction import Span

DETECTOR = "rampart"
KIND = "address"
STREET_SURE = 0.5
SHORTEST_POSTCODE = 5
BESIDE = 0.2  # times the threshold, for a word beside a part
LONGEST_GAP = 28
_CUE = re.compile(
    r"(?i)\b(?:address(?:es)?|live[sd]?|living|resid(?:e|es|ing)|moved|ship(?:ped|ping)?|deliver(?:ed|y)?|"
    r"zip|postal|post ?code|wohne|wohnhaft|adresse|vivo|domicilio|dirección|habite|abito|"
    r"indirizzo|moro|endereço)\b[^.!?\n]{0,24}$"
)
_PLACE = re.compile(r"(?i)\b(?:located|sent?|stay(?:ing)?|home|office)\b[^.!?\n]{0,24}$")
_SUM = re.compile(
    r"(?i)\d\s*[+*=^%]|[+*=^%]\s*\d|\b(?:square|root|sum|plus|minus|times|multipl\w+|divided?|factorial|percent)\b"
)
_APART = frozenset({"for", "around", "at", "by", "to", "until", "from"})
_NO_HOUSE = re.compile(r"(?i)\d+(?:st|nd|rd|th|am|pm)")
_BETWEEN = r"(?:\W{1,3}(?!(?:at|by|for|from|in|of|on|to|under|and|or)\b)[^\W\d_]{1,12})?\W{1,3}"
_NUMBER_BEFORE = re.compile(rf"\d\w?{_BETWEEN}$", re.IGNORECASE)
_NUMBER_AFTER = re.compile(rf"{_BETWEEN}\d(?!\d*\s?[ap]m\b)", re.IGNORECASE)
_BRIDGE = re.compile(
    r"(?:[\s,;:()/#.°º>-]|\d{1,6}[A-Za-z]?\b|[A-ZÀ-Þ][\w'\u2019-]*|(?i:apt|apartment|suite|ste|unit|flat|floor|room|box|no|"
    r"bis|ter|de|la|le|les|du|des|del|di|da|do|der|den|am|im|an|of|the|and|st)\b)*"
)
_TAIL = re.compile(
    r"(?:[\s,;>]{0,5}[\s,;>(](?:(?i:apt|apartment|suite|ste|unit|flat|floor|room|box)\b\.?\s{0,2}#?\w{1,8}|#\s?\w{1,6}|"
    r"\d{3,6}(?:-\d{2,4})?\b|nan\b|[A-ZÀ-Þ][\w'\u2019-]{1,24})\)?){1,8}"
)
_TAIL_PLAIN = re.compile(
    r"(?i)(?:[\s,;>]{0,5}[\s,;>](?:(?:apt|apartment|suite|ste|unit|flat|floor|room|p\.?o\.? ?box|box)\b\.?\s{0,2}"
    r"#?\w{1,8}"
    r"|#\s?\w{1,6}|[a-z]{2}\s+\d{5}(?:-\d{3,4})?|\d{3,6}(?:-\d{2,4})?(?: [a-z]{2})?|[a-z]\d[a-z] ?\d[a-z]\d|"
    r"[a-z]{1,2}\d[a-z\d]? \d[a-z]{2})(?!\w)){1,4}"
)
_HEAD = re.compile(
    r"(?i)(?:(?:the )?corner of |(?<![\w.,])\d{1,6}[a-z]?(?:[ ,/-]{1,2}\d{1,5}[a-z]?)?,? |"
    r"\b(?:flat|apt|apartment|unit|suite|ste|floor|room|box)\b\.? ?#?\w{0,5},? |"
    r"\b(?:ul|rue|calle|via|viale|rua|av|avda|avenida|avenue|str|plaza|piazza|al|os|pl|no)\b\.? )$"
)
_END = re.compile(r"(?<!apt)(?<!ste)(?<!\bst)[.!?] +[A-Z]|\n\s*\n", re.IGNORECASE)
_ABBREVIATED = re.compile(r"(?i)\b(?:apt|ste|st|no|str|ave|rd|blvd)\.$")
_REST = re.compile(r"(?:[-/]\w{1,24}){1,3}")
_PRICE = re.compile(r"(?i)[$€£]\s?\d|\d[.,]\d\d(?!\d)|\b(?:usd|eur|gbp|dollars?|euros?|pounds?|paid|costs?)\b")
_UNITS = MEASURES | {"and", "to", "or", "size", "am", "pm"}
_TIME = re.compile(r"\d{1,4}(?:am|pm|x\d{1,4})")
_NOT_A_TOWN = re.compile(r"(?:I|My|The|We|Please|Can|Could|How|What|When|Where|Why|It|This|That|Thanks?|Hi|Hello)\b")


def find_addresses(text: str, words: Sequence[Word], threshold: float) -> Iterator[Span]:
    """Yield the addresses. ``threshold`` is the least likelihood of a part, between 0 and 1."""
    for parts in _clusters(text, _parts(words, threshold)):
        if _is_address(text, parts):
            start, end = _whole(text, parts[0].start, parts[-1].end)
            best = max(word.likelihood(KIND) for word in parts)
            yield Span(start, end, KIND, DETECTOR, round(min(best, 1.0), 4))


def _parts(words: Sequence[Word], threshold: float) -> list[Word]:
    """Return the sure parts and, of the words beside them, those that may be parts."""
    read = [word for word in words if word.is_word]
    sure = [_is_part(word, threshold) for word in read]
    beside = [before or after for before, after in zip([False, *sure], [*sure, False][1:], strict=False)]
    return [
        word
        for word, is_sure, is_beside in zip(read, sure, beside, strict=True)
        if is_sure or (is_beside and word.likelihood(KIND) >= threshold * BESIDE and word.text not in _APART)
    ]


def _is_part(word: Word, threshold: float) -> bool:
    kind, likelihood = word.kind()
    return kind == KIND and likelihood >= threshold and word.is_word and word.text not in _APART


def _clusters(text: str, parts: Sequence[Word]) -> Iterator[list[Word]]:
    cluster: list[Word] = []
    for part in parts:
        if cluster and not _is_bridged(text[cluster[-1].end : part.start]):
            yield cluster
            cluster = []
        cluster.append(part)
    if cluster:
        yield cluster


def _is_bridged(gap: str) -> bool:
    return len(gap) <= LONGEST_GAP and _END.search(f"{gap}A") is None and _BRIDGE.fullmatch(gap) is not None


def _is_address(text: str, parts: Sequence[Word]) -> bool:
    start = parts[0].start
    if _PRICE.search(text, max(0, start - 24), parts[-1].end + 3) or _is_measured(parts):
        return False
    has_name = any(len(word.text) > 1 and not word.has_digit for word in parts)
    has_number = any(word.has_digit and not _NO_HOUSE.fullmatch(word.text) for word in parts)
    if _CUE.search(text, max(0, start - 48), start) and (has_name or _most_digits(parts) >= 3):
        return True
    if any(word.street >= STREET_SURE and len(word.text) > 1 for word in parts):
        return has_number or _has_number_beside(text, parts)
    if len(parts) > 1 and has_number and any(word.settled >= STREET_SURE for word in parts):
        return has_name or sum(len(word.text) for word in parts) >= SHORTEST_POSTCODE
    if _PLACE.search(text, max(0, start - 48), start) and has_name and has_number:
        return True
    return _most_digits(parts) >= 5 and not _SUM.search(text)


def _most_digits(parts: Sequence[Word]) -> int:
    return max(digits_in(word.text) for word in parts)


def _is_measured(parts: Sequence[Word]) -> bool:
    """Say whether these are numbers with what they count: gallons, inches, a time of the day."""
    words = [part.text.casefold() for part in parts if not part.text.isdigit()]
    return bool(words) and all(word in _UNITS or _TIME.fullmatch(word) for word in words)


def _has_number_beside(text: str, parts: Sequence[Word]) -> bool:
    """Say whether a number is next to the parts, over one word at most; "a table for 4 at" is not."""
    before = _NUMBER_BEFORE.search(text, max(0, parts[0].start - 24), parts[0].start)
    return before is not None or _NUMBER_AFTER.match(text, parts[-1].end) is not None


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen to the house number before and to what follows of flat, town, code and country."""
    while (head := _HEAD.search(text, max(0, start - 24), start)) is not None:
        start = head.start()
    if _ABBREVIATED.search(text, max(0, end - 5), end + 1):
        end += 1
    for tail in (_TAIL, _TAIL_PLAIN):
        if (match := tail.match(text, end)) is not None:
            end = _kept(text, end, match.end())
    rest = _REST.match(text, end)
    return start, rest.end() if rest else end


def _kept(text: str, end: int, furthest: int) -> int:
    """Return where the tail ends: at the sentence's end, and not in words that only happen to be capitalised."""
    stop = _END.search(text, end, min(furthest + 2, len(text)))
    if stop is not None:
        furthest = max(end, min(furthest, stop.start()))
    tail = text[end:furthest]
    if sentence := _NOT_A_TOWN.search(tail):
        furthest = end + sentence.start()
        tail = text[end:furthest]
    sure = any(character.isdigit() or character in ",\n" for character in tail) or tail.strip().isupper()
    return end + len(tail.rstrip(" ,;\n\t(>")) if sure else end
