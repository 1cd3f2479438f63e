"""National ids and VAT numbers of thirty countries, by their check digits (python-stdnum).

An id is taken by its check digits alone where its shape is distinctive, and only beside a cue ("NHS number ...") where
it is just digits: then the check digits may be those of any country.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from stdnum.ar import cuit
from stdnum.au import tfn
from stdnum.be import nn
from stdnum.bg import egn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ahv
from stdnum.cl import rut
from stdnum.cn import ric
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.ee import ik
from stdnum.es import dni, nie
from stdnum.eu import vat
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.gr import amka
from stdnum.hr import oib
from stdnum.ie import pps
from stdnum.il import idnr as teudat_zehut
from stdnum.in_ import aadhaar, pan
from stdnum.it import codicefiscale
from stdnum.kr import rrn
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import nif
from stdnum.ro import cnp
from stdnum.se import personnummer
from stdnum.th import pin
from stdnum.tr import tckimlik
from stdnum.za import idnr as za_id

from signalstream.ai.local.evidence import CHECKED, NUMERALS, SHAPED, Detector, Gate, Gated, has_any, matcher
from signalstream.core.redaction import Span

KIND = "national_id"
_CUE = re.compile(
    r"(?i)\b(?:(?:national|tax|fiscal|personal|citizen|identity|government)[ -]?(?:id|number|insurance number|"
    r"identity number|identification number|code|card)|id[ -](?:number|card|no\.?)|tax file number|tfn|nhs|"
    r"steuer-?id(?:nummer|nr\.?)?|(?:steuerliche )?identifikationsnummer|nif|bsn|burgerservicenummer|pesel|"
    r"personnummer|personnr|fødselsnummer|cpr|cpf|aadhaa?r|pan|sin|social insurance number|codice fiscale|nir|dni|nie|"
    r"contribuinte|num[ée]ro de s[ée]curit[ée] sociale|num[ée]ro national|rijksregisternummer|ahv|avs|hetu|"
    r"henkilötunnus|cnp|egn|oib|amka|rut|cuit|cuil|curp|rrn|tc kimlik(?: no)?|kimlik|teudat zehut|isikukood|"
    r"rodné číslo|pps)"
    r"(?:[ -]?(?:number|card|no\.?|nr\.?|id|n[°º]|code))?(?: is| es| est| ist| è| é)?[\s:#=]{1,3}"
    r"(?=([a-z0-9](?:[ ./-]?[a-z0-9]){7,19})(?!\w))"
)
_CUE_WORDS = (
    *("national", "tax", "fiscal", "personal", "citizen", "identity", "government", "id ", "id-", "tfn", "nhs"),
    *("steuer", "identifikationsnummer", "nif", "bsn", "burgerservice", "pesel", "personn", "fødselsnummer", "cpr"),
    *("cpf", "aadha", "pan", "sin", "social", "nir", "dni", "nie", "contribuinte", "num", "rijksregister", "ahv"),
    *("avs", "hetu", "henkil", "cnp", "egn", "oib", "amka", "rut", "cuit", "cuil", "curp", "rrn", "kimlik", "teudat"),
    *("isikukood", "rodn", "pps"),
)
_VALID: tuple[Callable[[str], bool], ...] = tuple(
    module.is_valid
    for module in (
        *(aadhaar, ahv, amka, bsn, cnp, codicefiscale, cpf, cpr, cuit, curp, dni, egn, fodselsnummer, hetu, idnr, ik),
        *(nhs, nie, nif, nir, nn, oib, pan, personnummer, pesel, pin, pps, rc, ric, rrn, rut, sin, tckimlik),
        *(teudat_zehut, tfn, za_id),
    )
)
_SHAPES: tuple[tuple[int, str, tuple[Callable[[str], bool], ...]], ...] = (  # with the fewest digits
    (7, r"(?i)(?<!\w)[xyz]?\d{7,8}[ -]?[a-z](?!\w)", (dni.is_valid, nie.is_valid)),
    (7, r"(?i)\b[a-z]{6}\d{2}[a-z]\d{2}[a-z]\d{3}[a-z](?!\w)", (codicefiscale.is_valid,)),
    (14, r"\b[12] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}(?!\w)", (nir.is_valid,)),
    (11, r"\b\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)", (cpf.is_valid,)),
    (12, r"\b\d{4} \d{4} \d{4}(?![\w]| \d)", (aadhaar.is_valid,)),
    (13, r"\b756\.\d{4}\.\d{4}\.\d{2}(?!\w)", (ahv.is_valid,)),
    (9, r"\b\d{6}[-+A-FU-Y]\d{3}[0-9A-Y](?!\w)", (hetu.is_valid,)),
    (7, r"\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d(?!\w)", (curp.is_valid,)),
    (17, r"\b[1-8]\d{5}(?:19|20)\d{9}[\dXx](?!\w)", (ric.is_valid,)),
    (13, r"\b\d{6}-\d{7}(?!\w)", (rrn.is_valid,)),
    (11, r"\b\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}(?!\w)", (nn.is_valid,)),
    (7, r"\b\d{1,2}\.\d{3}\.\d{3}-[\dkK](?!\w)", (rut.is_valid,)),
)
_NINO = re.compile(r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)", re.ASCII)
_VAT = re.compile(
    r"\b(?:AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK) ?"
    r"[0-9A-Z][0-9A-Z.]{5,13}[0-9A-Z]"
    r"(?!\w)",
    re.ASCII,
)


def find_cued_ids(plain: str) -> Iterator[Span]:
    """Yield national ids beside a cue whose check digits are those of some country: the longest run that checks."""
    for match in _CUE.finditer(plain) if has_any(plain, NUMERALS) else ():
        start, longest = match.span(1)
        for end in range(longest, start + 7, -1):
            value = plain[start:end]
            if (end == longest or not plain[end].isalnum()) and any(is_valid(value) for is_valid in _VALID):
                yield Span(start, end, KIND, "stdnum", CHECKED)
                break


def _any_of(validators: tuple[Callable[[str], bool], ...]) -> Callable[[str], bool]:
    return lambda value: any(is_valid(value) for is_valid in validators)


ID_DETECTORS: tuple[Detector, ...] = (
    Gated(Gate(1, _CUE_WORDS), find_cued_ids),
    *(
        matcher(KIND, re.compile(shape, re.ASCII), CHECKED, _any_of(valid), digits=digits)
        for digits, shape, valid in _SHAPES
    ),
    matcher(KIND, _NINO, SHAPED, digits=6),
    matcher("vat_number", _VAT, CHECKED, lambda value: bool(vat.is_valid(value)), digits=6),
)
