"""Who someone is: names and birth dates, each after a cue.

Names are found after explicit cues alone ("my name is", "me llamo", "je m'appelle", "ich heiße"). Cues that also begin
other sentences ("I am", "this is", "soy") need two capitalised words, or one that is followed by "from", "here" and
the like; words of _NOT_NAMES are no names.
"""

from __future__ import annotations

import re

from signalstream.ai.local.evidence import CUED, matcher

_CAPITAL = r"[A-ZÀ-ÖØ-ÞŁŚŠŽČ][a-zß-öø-ÿłśšžčćńęąěřů]{1,20}(?:['-][A-ZÀ-ÖØ-Þ]?[a-zß-öø-ÿ]{1,20})?"
_INITIAL = r"(?:[A-Z]\. |[A-Z] )?"
_PARTICLE = r"(?:(?:de la|de|da|do|dos|del|di|van der|van|von|le|la|el|bin|al) |O'|Mc|Mac|D')?"
_FULL = rf"{_CAPITAL}(?: {_INITIAL}{_PARTICLE}{_CAPITAL}){{0,2}}"
_TWO = rf"{_CAPITAL}(?: {_INITIAL}{_PARTICLE}{_CAPITAL}){{1,2}}"
_SURE_CUE = (
    r"(?:my (?:full |first |last )?name(?: is|'s)|name ?:|name is|me llamo|mi nombre es|je m'appelle|mon nom est|"
    r"ich hei(?:ß|ss)e|mein name ist|mi chiamo|il mio nome è|meu nome é|chamo-me|me chamo)"
)
_SURE_NAME = re.compile(rf"\b(?i:{_SURE_CUE}) {{1,8}}({_FULL})(?!\w)")
_SURE_LOWER = re.compile(
    r"(?i)\b(?:my name(?: is|'s)|me llamo|je m'appelle|ich hei(?:ß|ss)e|mein name ist|mi chiamo|chamo-me|me chamo)"
    r" {1,2}([^\W\d_]{2,20}(?: (?!(?:and|but|from|with|i|my|y|et|und|e|i'm|here|calling|on|at|in|for)\b)[^\W\d_]{2,20}"
    r")?)(?!\w)"
)
_OPEN_CUE = r"(?:i am|i'm|this is|it's|soy|je suis|ich bin|sono|sou|signed|c'est|hier ist)"
_OPEN_TWO = re.compile(rf"\b(?i:{_OPEN_CUE}) ({_TWO})(?!\w)")
_OPEN_ONE = re.compile(rf"\b(?i:{_OPEN_CUE}) ({_CAPITAL})(?= (?:from|here|speaking|calling|with|de|von|aus|da|di)\b)")
_TITLE = re.compile(
    rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Herr|Frau|Señora?|Sra?|Mme|Monsieur|Madame|Dott|Signora?|Sig|Senhora?)\.? ({_FULL})"
)
_GREETING = re.compile(
    rf"\b(?i:hi|hello|hey|dear|hola|estimad[oa]|bonjour|cher|chère|hallo|liebe[r]?|ciao|gentile|olá|prezad[oa]) "
    rf"({_FULL})(?=[,!.:\n])"
)
_SIGNED = re.compile(
    r"(?i:regards|sincerely|thanks|thank you|cheers|best|yours|saludos|cordialement|merci|grüßen|grüße|gruß|saluti|"
    rf"cumprimentos|obrigad[oa])[,.!]?[ \t]*\r?\n\s{{0,4}}({_FULL})[ \t]*(?=[\r\n]|$)"
)
_SIGNED_LOWER = re.compile(
    r"(?:regards|sincerely|cheers|yours|saludos|cordialement|saluti)[,.!]?[ \t]*\r?\n\s{0,4}"
    r"([^\W\d_A-Z]{2,20}(?: [^\W\d_A-Z]{1,20}\.?){0,2})[ \t]*(?=[\r\n]|$)"
)
_NOT_NAME_WORDS = (
    "a about absolutely account agent all an and angry another anyone app at automated awful bad billing broken but "
    "business calling cancelled charged client closed completely confused critical customer customers day dear "
    "department desk disappointed done easter everybody everyone evening extremely feedback fed fine fraud friday "
    "friends from frustrated furious german glad going good great guys happy help here herr high hospital how "
    "important in inaceptable incorrect it just ladies late lost low madam madame management manager message missing "
    "monday morning mr mrs ms my new night no not ok okay on order out please product ready really recorded refund "
    "ridiculous sad sales saturday service sick sir sirs so sorry still stuck sunday support system team terrible "
    "thank thanks that the there third this thursday tired to today tomorrow tuesday unable unacceptable unhappy "
    "upset urgent very waiting wednesday what why without worried wrong yes you your everything nothing spelled "
    "misspelled also now only always never because cliente equipo soporte señor señores todos muy client équipe "
    "support bonjour monsieur messieurs très desolé kunde team damen herren sehr service assistenza equipe suporte "
    "senhor senhores muito american british english french spanish italian indian chinese canadian german"
)
_NOT_NAMES = frozenset(_NOT_NAME_WORDS.split())
_DATE = (
    r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}"
    r"|\d{1,2}(?:st|nd|rd|th|\.|er|º)? (?:de |of )?[^\W\d_]{3,10}\.?,? (?:de )?\d{4}"
    r"|[^\W\d_]{3,10}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4})"
)
_BIRTH = re.compile(
    r"(?i)\b(?:d\.?o\.?b\.?|date of birth|birth ?date|birthday|born(?: on)?|geboren(?: am)?|geburtsdatum|"
    r"née? le|date de naissance|fecha de nacimiento|nacid[oa] el|nac[ií] el|nat[oa] il|data di nascita|"
    r"data de nascimento|nascid[oa] em|nasci em)(?: is| was| es| est| ist| è| é)?[\s:=]{1,3}"
    rf"({_DATE})(?!\w)"
)
_SURE_WORDS = ("name", "llamo", "nombre", "appelle", " nom ", "ich hei", "chiamo", "nome", "chamo")
_OPEN_WORDS = ("i am", "i'm", "this is", "it's", "soy", "suis", "bin", "sono", "sou", "signed", "c'est", "hier")
_TITLE_WORDS = (
    *("mr", "ms", "miss", "mx", "herr", "frau", "señor", "sr", "mme", "monsieur", "madame", "dott", "sig", "senhor"),
)
_GREETING_WORDS = (
    *("hi ", "hello ", "hey ", "dear ", "hola ", "estimad", "bonjour ", "cher ", "chère ", "hallo ", "liebe", "ciao "),
    *("gentile ", "olá ", "prezad"),
)
_BIRTH_WORDS = ("dob", "d.o", "do.", "birth", "born", "gebor", "geburt", "né", "naiss", "nac", "nat", "nasc")


def _is_name(value: str) -> bool:
    return not any(word.casefold() in _NOT_NAMES for word in value.replace("-", " ").split())


PEOPLE_DETECTORS = (
    *(matcher("name", pattern, CUED, _is_name, _SURE_WORDS) for pattern in (_SURE_NAME, _SURE_LOWER)),
    *(matcher("name", pattern, CUED, _is_name, _OPEN_WORDS) for pattern in (_OPEN_TWO, _OPEN_ONE)),
    matcher("name", _TITLE, CUED, _is_name, _TITLE_WORDS),
    matcher("name", _GREETING, CUED, _is_name, _GREETING_WORDS),
    *(matcher("name", pattern, CUED, _is_name, ("\n",)) for pattern in (_SIGNED, _SIGNED_LOWER)),
    matcher("date_of_birth", _BIRTH, CUED, gate=_BIRTH_WORDS, digits=4),
)
