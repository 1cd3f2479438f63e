"""Where someone lives: street addresses and postcodes.

An address needs a number and a word for a street, in the order of the language (12 Main Street, Hauptstraße 12,
12 rue de la Paix, Calle Mayor 3), or is a postcode of a shape that nothing else has (UK), a box at a post office, a
corner of two streets, or what stands in a form's field ("Address: ...").
"""

from __future__ import annotations

import re

from signalstream.ai.local.evidence import CUED, SHAPED, digits_in, matcher

_UPPER = r"A-ZÀ-ÖØ-Þ\u0100-\u017f\u0391-\u03a9\u0410-\u042f"  # Latin, Greek, Cyrillic
_WORDS = r"(?:[^\W\d_][\w'.-]{0,20} ){0,4}?"
_TAIL = (
    r"(?:,? (?i:apt|apartment|suite|unit|flat)\.? ?#?\w{1,6})?"
    r"(?:, ?[A-ZÀ-Þ][\w'-]{1,20}(?: [A-ZÀ-Þ][\w'-]{1,20}){0,2})?"
)
_ZIP = r"(?:,? [A-Z]{2},? \d{5}(?:-\d{4})?|,? \d{5})?"
_CITY = r"(?:,? \d{4,5} [A-ZÀ-Þ][\w'-]{1,24})?"
_ENGLISH = re.compile(
    r"(?<![\w.,])\d{1,5}[A-Za-z]? (?:[NSEW]\.? )?(?:[A-Z0-9][\w'.-]{0,20} ){1,4}?(?:Street|St|Avenue|Ave|Road|Rd|"
    rf"Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Square|Sq|Terrace|Close|Crescent|Parkway|Pkwy|Highway)\b\.?"
    rf"{_TAIL}{_ZIP}"
)
_ENGLISH_LOWER = re.compile(
    r"(?i)(?<![\w.,])\d{1,5} (?!(?:day|hour|minute|week|month|time|year|mile|block|people|car|item|order)s?\b)"
    r"(?:(?!(?:on|in|at|of|the|to|from|for|down)\b)[a-z]{2,20} ){1,2}(?:street|avenue|boulevard|road)\b"
)
_GERMAN = re.compile(
    r"\b[A-ZÄÖÜ][\wäöüß-]{1,30}(?:straße|strasse|str\.|weg|platz|allee|gasse) \d{1,4} ?[a-z]?(?!\w)" + _CITY
)
_FRENCH = re.compile(
    rf"\b\d{{1,4}}(?: ?(?:bis|ter))?,? (?i:rue|avenue|boulevard|chemin|allée|impasse|quai) {_WORDS}"
    rf"[A-ZÀ-Þ][\w'-]{{1,24}}{_CITY}"
)
_ROMANCE = re.compile(
    r"\b(?:Calle|C/|Avenida|Avda\.?|Av\.|Plaza|Paseo|Via|Viale|Piazza|Corso|Rua|Travessa|Praça|calle|rua) "
    rf"{_WORDS}[A-ZÀ-Þ][\w'-]{{1,24}},? (?:n[º°.o]{{1,2}} ?)?\d{{1,4}}(?!\w){_CITY}"
)
_BOX = re.compile(
    r"(?i)\b(?:p\.? ?o\.? ?box|post ?box|postfach|apartado(?: de correos)?|casella postale|boîte postale|bp) "
    r"#?\d{1,7}(?!\w)"
)
_MILITARY = re.compile(
    r"(?i)\b(?:psc|unit|cmr|us[a-z]{2,3}) #?[\w'-]{1,20},?(?: box \d{1,6})?,?\s{1,3}[adf]po,? a[aep] "
    r"\d{5}(?:-\d{4})?(?!\w)"
)
_CORNER = re.compile(
    rf"(?:[Tt]he )?[Cc]orner of (?:[\w.'\u2019-]{{1,24}} ){{1,4}}?and "
    rf"(?:[{_UPPER}][\w.'\u2019-]{{1,24}} ?|\d{{1,5}} ?){{1,4}}"
)
_FIELD = re.compile(
    r"(?i)(?:^|[\n>])[ \t>]{0,8}(?:(?:billing|shipping|home|postal|mailing|delivery|street) )?(?:address|adresse|"
    r"dirección|indirizzo|endereço|anschrift)[ \t]{0,4}:[ \t]{1,8}([^\n\x00]{5,120}?(?=[ \t]*(?:\n|$)))"
)
_POSTAL = re.compile(
    r"(?i)\b(?:(?:zip|postal|post)[ -]?code(?: is|:|=)?|zip(?: is|:|=))[ \t]{1,3}"
    r"((?=[a-z -]{0,4}\d)[a-z0-9]{2,6}(?:[ -](?=[a-z]{0,2}\d)[a-z0-9]{2,5})?)(?!\w)"
)
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}(?!\w)")

_ROMANCE_WORDS = (
    *("calle ", "c/ ", "avenida ", "avda", "av. ", "plaza ", "paseo ", "via ", "viale ", "piazza ", "corso ", "rua "),
    *("travessa ", "praça "),
)
_NUMBERED: tuple[tuple[re.Pattern[str], tuple[str, ...], int], ...] = (  # with words, and the fewest digits
    (_ENGLISH, (), 1),
    (_ENGLISH_LOWER, ("street", "avenue", "boulevard", "road"), 1),
    (_GERMAN, ("straße", "strasse", "str.", "weg ", "platz ", "allee ", "gasse "), 1),
    (_FRENCH, ("rue ", "avenue ", "boulevard ", "chemin ", "allée ", "impasse ", "quai "), 1),
    (_ROMANCE, _ROMANCE_WORDS, 1),
    (_BOX, ("box ", "postfach ", "apartado", "casella postale ", "boîte postale ", "bp "), 1),
    (_MILITARY, ("apo", "fpo", "dpo"), 5),
    (_POSTAL, ("zip", "post"), 1),
    (_POSTCODE, (), 2),
)

PLACE_DETECTORS = (
    *(matcher("address", pattern, SHAPED, gate=words, digits=digits) for pattern, words, digits in _NUMBERED),
    matcher("address", _CORNER, SHAPED, gate=("corner of",)),
    matcher("address", _FIELD, CUED, lambda value: digits_in(value) > 0, (":",), digits=1),
)
