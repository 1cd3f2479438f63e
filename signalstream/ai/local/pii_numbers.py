"""Numbers with check digits: payment cards, IBANs, US social security numbers (python-stdnum).

A card is 12 to 19 digits that begin as an issuer's, have a length that this issuer gives out, and pass Luhn; after the
word "card" any 12 to 19 digits that pass Luhn are one. An IBAN passes mod 97 and its country's structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iban, luhn
from stdnum.us import ssn

from signalstream.ai.local.evidence import CHECKED, CUED, Detector, Gate, Gated
from signalstream.core.redaction import Span

# Issuer's first digits -> lengths in use, from ISO/IEC 7812 registrations as the schemes publish them.
_ISSUERS = (
    (re.compile(r"4"), (13, 16, 19)),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"3(?:0[0-5]|[689])"), (14, 16, 19)),
    (re.compile(r"6(?:011|4[4-9]|5)|62"), (16, 17, 18, 19)),
    (re.compile(r"35"), (16,)),
    (re.compile(r"35(?:2[89]|[3-8])"), (17, 18, 19)),
    (re.compile(r"50|5[6-9]|6[0-9]"), (16, 18, 19)),
)
# Rarer lengths, believed only where the card is all of its run of digits: one number in ten passes Luhn by chance.
_RARE_ISSUERS = ((re.compile(r"50|5[6-9]|6[0-9]"), (12, 13, 14, 15, 17)), (re.compile(r"1800|2131"), (15,)))
_RUN = re.compile(r"\b\d+(?:[ .\-]{1,2}\d+)*", re.ASCII)
_GROUP = re.compile(r"\d+", re.ASCII)
_IBAN_START = re.compile(r"(?i)\b[a-z]{2}\d{2}(?=[ ]?[a-z0-9])", re.ASCII)
_IBAN_BODY = re.compile(r"(?i)(?:[ -]?[a-z0-9]){11,30}", re.ASCII)
_GROUP_END = re.compile(r"(?i)[a-z0-9](?![a-z0-9])", re.ASCII)
_SSN = re.compile(r"(?<![\w-])\d{3}([- ])\d{2}\1\d{4}(?![\w-])", re.ASCII)
_SSN_CUED = re.compile(
    r"(?i)\b(?:ssn|social security(?: (?:number|no\.?))?)(?: is| was)?[\s:=#]{1,3}"
    r"(\d{9}|(?!000|666|9)\d{3}[- ]\d{2}[- ]\d{4})(?!\w)",
    re.ASCII,
)
_CARD_CUE = re.compile(
    r"(?i)\b(?:card|cc|visa|mastercard|amex|maestro|tarjeta|carte|karte|kreditkarte|carta|cartão)"
    r"(?:[ -]?(?:number|no\.?|nr\.?|#))?[^\d\n]{0,12}$"
)
_LOOK_BACK = 40
_SHORTEST_GROUP = 3
_SHORTEST_IBAN = 15
_AS_NUMBERS = {ord(letter): str(number) for number, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 10)}


def find_cards(plain: str) -> Iterator[Span]:
    """Yield payment cards: windows of whole digit groups that begin as an issuer's number does and pass Luhn."""
    for run in _RUN.finditer(plain):
        if len(run[0]) >= 12:
            groups = [(group.start(), group.end()) for group in _GROUP.finditer(plain, run.start(), run.end())]
            found = tuple(_cards_in(plain, groups))
            if not found and _is_called_a_card(plain, run):
                found = (Span(run.start(), run.end(), "credit_card", "luhn", CHECKED),)
            yield from found


def _is_called_a_card(plain: str, run: re.Match[str]) -> bool:
    digits = "".join(_GROUP.findall(run[0]))
    before = plain[max(0, run.start() - _LOOK_BACK) : run.start()]
    return 12 <= len(digits) <= 19 and _CARD_CUE.search(before) is not None and bool(luhn.is_valid(digits))


def _cards_in(plain: str, groups: list[tuple[int, int]]) -> Iterator[Span]:
    first = 0
    while first < len(groups):
        # Digits in ones and twos are a card only when they are all of their run: else any list of numbers is searched.
        begins = first == 0 or groups[first][1] - groups[first][0] >= _SHORTEST_GROUP
        last = _card_end(plain, groups, first) if begins else None
        if last is not None:
            yield Span(groups[first][0], groups[last][1], "credit_card", "luhn", CHECKED)
            first = last
        first += 1


def _card_end(plain: str, groups: list[tuple[int, int]], first: int) -> int | None:
    digits = ""
    lengths: tuple[int, ...] = ()
    best = None
    for last in range(first, len(groups)):
        digits += plain[groups[last][0] : groups[last][1]]
        if len(digits) > 19 or not _is_grouped(groups[first:last]):
            break
        if not lengths and len(digits) >= 4:
            lengths = _issued_lengths(digits, _ISSUERS)
        whole = first == 0 and last == len(groups) - 1
        issued = len(digits) in lengths or (whole and len(digits) in _issued_lengths(digits, _RARE_ISSUERS))
        if issued and luhn.is_valid(digits):
            best = last
    return best


def _is_grouped(groups: list[tuple[int, int]]) -> bool:
    """Say whether all groups but the last are of one size, or of four digits and more: phone numbers are neither."""
    sizes = {end - start for start, end in groups}
    return len(sizes) <= 1 or min(sizes) >= 4


def _issued_lengths(digits: str, issuers: tuple[tuple[re.Pattern[str], tuple[int, ...]], ...]) -> tuple[int, ...]:
    return tuple(length for start, lengths in issuers if start.match(digits) for length in lengths)


def find_ibans(plain: str) -> Iterator[Span]:
    """Yield IBANs, spaced or not, in either case: the longest run of whole groups that checks."""
    for start in _IBAN_START.finditer(plain):
        body = _IBAN_BODY.match(plain, start.end())
        if body is None:
            continue
        ends = [group.end() for group in _GROUP_END.finditer(plain, start.end() + 10, body.end())]
        for end in reversed(ends):
            if (end == len(plain) or not plain[end].isalnum()) and _is_iban(plain[start.start() : end]):
                yield Span(start.start(), end, "iban", "mod97", CHECKED)
                break


def _is_iban(value: str) -> bool:
    compact = value.replace(" ", "").replace("-", "").upper()
    if len(compact) < _SHORTEST_IBAN:
        return False
    return int((compact[4:] + compact[:4]).translate(_AS_NUMBERS)) % 97 == 1 and bool(iban.is_valid(compact))


def find_ssns(plain: str) -> Iterator[Span]:
    """Yield US social security numbers: of a valid area, grouped 3-2-4 or after a cue; after a cue grouped ones all."""
    for match in _SSN.finditer(plain):
        if ssn.is_valid(match[0].replace(" ", "-")):
            yield Span(match.start(), match.end(), "ssn", "ssn-areas", CHECKED)
    for match in _SSN_CUED.finditer(plain):
        if ssn.is_valid(match[1].replace(" ", "-")):
            yield Span(match.start(1), match.end(1), "ssn", "ssn-areas", CHECKED)
        elif not match[1].isdigit():  # someone calls it that, and it is grouped as they are
            yield Span(match.start(1), match.end(1), "ssn", "pattern:ssn", CUED)


NUMBER_DETECTORS: tuple[Detector, ...] = (
    Gated(Gate(digits=12), find_cards),
    Gated(Gate(digits=2), find_ibans),
    Gated(Gate(digits=9), find_ssns),
)
