"""Phone numbers: runs of digits that the numbering plan of some country holds for valid (phonenumbers).

A number in international form (+ or 00) is looked up as such. A national one is tried in each of REGIONS: with a cue
beside it ("call me on ...") by the plan alone; without one only when it is also grouped as that country groups, because
order numbers and dates are digits too. Ungrouped digits without a cue, a trunk zero aside, are nobody's number.

What no plan knows is still taken where the words leave no doubt: seven to fifteen digits right after "call me on" or
"Mobile:", or after a plus. An extension ("x12") belongs to its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from phonenumbers import Leniency, PhoneNumberMatcher

from signalstream.ai.local.evidence import CHECKED, CUED, SHAPED, digits_in
from signalstream.core.redaction import Span

REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "PT", "NL", "IN", "BR", "MX", "AU")
_LOOK_BACK = 48
FEWEST_DIGITS = 7
MOST_LOOK_UPS = 100  # each takes a tenth of a millisecond
_CANDIDATE = re.compile(r"(?<![\w.,])(?:\+ ?)?\(?\d(?:[ ().\-/]{0,3}\d){6,24}(?![^\Wx])", re.ASCII)
_CUE = re.compile(
    r"(?i)\b(?:phone|telephone|tele?|cell|mobile|mob|whatsapp|sms|text|fax|call|callback|reach|ring|dial|contact|"
    r"teléfono|telefono|móvil|movil|celular|llama(?:r|me)|llámame|téléphone|portable|appele[rz](?:-moi)?|joindre|"
    r"telefon(?:nummer)?|handy(?:nummer)?|mobil(?:nummer)?|rückruf|cellulare|chiama(?:re|temi|mi)?|telefone|telemóvel|"
    r"ligue|desk|office|registered)"
    r"(?:[ -]?(?:number|no\.?|nr\.?|me|us|back|número|numero|numéro))?"
    r"(?:\s(?:is|on|at|to|under|es|est|ist|è|é|al|a|au|unter|no|para|back on|me on|me at)){0,2}[\s:#=.]{0,3}$"
)
_NOT_A_PHONE = re.compile(
    r"(?i)(?:\b(?:order|invoice|ticket|tracking|reference|ref|case|booking|confirmation|transaction|article|sku|"
    r"serial|item|model|version|pedido|factura|commande|facture|ordine|fattura|encomenda|"
    r"(?:bestell|rechnungs|auftrags|sendungs|vorgangs|ticket)(?:ung|nummer|nr\.?)?)"
    r"(?:[ -]?(?:number|no\.?|nr\.?|nummer|id|code|n[°º]|número|numéro))?"
    r"(?:\s(?:is|was|es|est|ist))?[\s:#=-]{0,3}|[$€£#]\s?|\b\w*[a-z]\w*\d\w*\s)$"
)
_EXTENSION = re.compile(r"(?i) ?(?:x|ext\.?) ?\d{1,6}(?!\w)", re.ASCII)
_GROUP = re.compile(r"\d+", re.ASCII)
_DATE = re.compile(
    r"\(?(?:(?:19|20)\d\d[-/. ]\d{1,2}[-/. ]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d\d)(?!\d)", re.ASCII
)


def find_phones(plain: str) -> Iterator[Span]:
    """Yield the phone numbers in ``plain``."""
    known: dict[tuple[str, bool], list[tuple[int, int]]] = {}
    for match in _CANDIDATE.finditer(plain):
        before = plain[max(0, match.start() - _LOOK_BACK) : match.start()]
        if _NOT_A_PHONE.search(before) or _DATE.match(match[0]):
            continue
        cued = _CUE.search(before) is not None
        found = _looked_up(match[0], cued, known)
        for start, end in found:
            yield _span(plain, match.start() + start, match.start() + end, CHECKED)
        unmistakable = cued or match[0].startswith("+") or (len(known) >= MOST_LOOK_UPS and _looks_dialled(match[0]))
        if not found and unmistakable and 7 <= digits_in(match[0]) <= 15:
            yield _span(plain, match.start(), match.end(), CUED if cued else SHAPED)


def _looked_up(
    candidate: str, cued: bool, known: dict[tuple[str, bool], list[tuple[int, int]]]
) -> list[tuple[int, int]]:
    """Look a candidate up once; of a text that lists more than MOST_LOOK_UPS, the rest is taken by its shape."""
    if (candidate, cued) not in known:
        if len(known) >= MOST_LOOK_UPS:
            return []
        known[candidate, cued] = _numbers(candidate, cued=cued)
    return known[candidate, cued]


def _span(plain: str, start: int, end: int, confidence: float) -> Span:
    extension = _EXTENSION.match(plain, end)
    detector = "phonenumbers" if confidence == CHECKED else "pattern:phone"
    return Span(start, extension.end() if extension else end, "phone", detector, confidence)


def _numbers(candidate: str, *, cued: bool) -> list[tuple[int, int]]:
    if candidate.startswith("+"):
        return _matches(candidate, "ZZ", Leniency.VALID)
    if candidate.startswith("00") and (found := _matches(candidate, "DE", Leniency.VALID)):
        return found
    if not cued and not _looks_dialled(candidate):
        return []
    leniency = Leniency.VALID if cued or candidate.isdigit() else Leniency.STRICT_GROUPING
    for region in REGIONS:
        if found := _matches(candidate, region, leniency):
            return found
    return []


def _looks_dialled(candidate: str) -> bool:
    if candidate.isdigit():
        return candidate[0] == "0" and 10 <= len(candidate) <= 11
    sizes = [len(group) for group in _GROUP.findall(candidate)]
    return max(sizes) >= 3 or set(sizes) == {2}


def _matches(candidate: str, region: str, leniency: int) -> list[tuple[int, int]]:
    found = PhoneNumberMatcher(candidate, region, leniency=leniency, max_tries=10)
    return [(match.start, match.end) for match in found if digits_in(match.raw_string) >= 7]
