"""Whether a single word in lower case is a name that tells who someone is.

"text joe" and "a table under steve" name nobody whom a reader could find, and a model takes many another word in lower
case for a name. So such a word needs more than its likelihood: something in the text must tell of a person. Any of
these will do:

- who speaks, or who is spoken to: "i'm joe", "joe here", "hi joe", "thanks, joe", "joe, please look"
- a title or a relation: "mrs. clark", "my husband david", "agent maria"
- whom a word is for: "tell maria that it works", "can i speak to maria"
- a report, which an order is not: "maria said so", "i spoke to maria", "is maria in? she helped me"
- much text: what a short order leaves out, a longer text tells
- other personal data beside it, "call maria at 206 555 0100": ``pii_model_names`` knows of those
"""

from __future__ import annotations

import re

from signalstream.core.redaction import Span

LONG_TEXT = 18
"""A text of so many words tells enough of someone to make a first name a person's."""
SURE_SUBJECT = 0.5
"""How likely a word at the start of a sentence must be a name when nothing but its place says so."""
_LOOK_AROUND = 48
_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_SPEAKER = (
    r"i'?m|i am|it'?s(?: me)?|this is|(?<!your )(?<!your new )name(?:'?s| is| was| will be| of| ?:)?|named|known as|"
    r"(?:calls?|called|names?|named) (?:me|him|her|us|them)|"
    r"(?:i|we|he|she|they|you|be|am|someone|somebody|one|guy|man|woman|lady|person) called|signed|"
    r"soy|ich bin|hier ist|je suis|c'est|sono|sou"
)
_START = r"(?:^|[.!?:,;]\s|\n|[\"\u201c-]\s?)\s?"
_ADDRESSED = (
    rf"{_START}(?:hi|hello|hey|hiya|dear|hola|hallo|bonjour|ciao|olá)(?: there)?|\b(?:thanks|thank you|thx|cheers|"
    r"regards|sincerely|yours|bye|goodbye|good (?:morning|day|evening)|gracias|danke|gruß|merci|grazie|saluti|"
    r"obrigad[oa])"
)
_TITLE = r"(?:mr|mrs|ms|miss|mx|dr|prof|herr|frau|señora?|sra?|mme|monsieur|madame|signora?|senhora?)\.?"
_RELATED = r"(?:(?:my|our|his|her|their|your) [^\W\d_]{3,20}|agent|colleague|manager|technician|driver)"
_PASSED_ON = r"thank|connect me (?:to|with)|(?:speak|talk) (?:to|with)|working with"
_TOLD = re.compile(r"(?i)\b(?:tell|ask|inform|remind|let) $")
_WHAT = re.compile(r"(?i) (?:that|to|if|whether|about|know that)\b")
_BEFORE = re.compile(
    rf"(?i)(?:\b(?:{_SPEAKER}|{_TITLE}|{_RELATED}|{_PASSED_ON}),? |(?:{_ADDRESSED})(?:[,!.]? |[,!.]?\s?\n\s?))$"
)
_AFTER = re.compile(
    r"(?i) (?:here|speaking|calling|again|from(?! (?:now|my|that|the)\b)|is|has|says|tells|lives|works|would|who|never|"
    r"wants|needs|called)\b"
)
_REPORT = re.compile(
    r"(?i)\b(?:he|she|was|were|had|been|did|didn'?t|got|took|left|went|came|gave|told|said|spoke|spoken|talked|chatted|"
    r"dealt|met|sent|wrote|asked|helped|promised|emailed|mailed|answered|replied|assured|advised|thanked|knew|saw|"
    r"habe|hatte|wurde|gesagt|gesprochen|hablé|dijo|fue|j'ai|été|était|parlé|parlato|detto|stato|falei|disse|foi|estava)\b"
)
_BEGINS = re.compile(r"(?:^|[.!?:]\s|\n|[\"\u201c-]\s?)\s?$")
_PAUSE = re.compile(r"[,!] $")
_END = re.compile(r" ?(?:[.!?,:\n]|$)")
_OWNER = re.compile(r"['\u2019]s?\b")


def is_told_of(text: str, name: Span) -> bool:
    """Say whether the text tells of the person whom ``name`` stands for, by the words around it."""
    before = text[max(0, name.start - _LOOK_AROUND) : name.start]
    if _BEFORE.search(before):
        return True
    if _OWNER.match(text, name.end):
        return False
    if _BEGINS.search(before):
        return name.confidence >= SURE_SUBJECT
    if _AFTER.match(text, name.end) or (_TOLD.search(before) and _WHAT.match(text, name.end)):
        return True
    return _PAUSE.search(before) is not None and _END.match(text, name.end) is not None


def is_report(text: str) -> bool:
    """Say whether a text tells what happened, or much: then whoever it names is a person of whom it tells."""
    return _REPORT.search(text) is not None or sum(1 for _ in _WORD.finditer(text)) >= LONG_TEXT
