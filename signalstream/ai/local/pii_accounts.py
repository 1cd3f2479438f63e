"""Numbers by which a company, a bank or a device knows someone: each after the words that name it.

Some of them check (routing numbers, VINs, IMEIs, wallets); for the others the words beside them are all there is.
"""

from __future__ import annotations

import re

from stdnum import bic, bitcoin, imei
from stdnum.us import rtn

from signalstream.ai.local.evidence import CHECKED, CUED, SHAPED, digits_in, matcher

_NUMBER = r"(?:[ -]?(?:number|num|no\.?|nr\.?|id|code|#|n[°º]|número|numero|numéro))"
_IS = r"(?: is| was| es| est| ist| è| é)?[\s:#=]{1,4}"
_ACCOUNT = re.compile(
    r"(?i)\b(?:(?:account|acct|a/c|customer|member(?:ship)?|client|loyalty|cuenta|compte|cliente|conto|conta|"
    rf"socio|abonné){_NUMBER}?|(?:konto|kunden|mitglieds|vertrags)(?:nummer|nr\.?)){_IS}"
    r"((?:[a-z]{0,4}-?|(?-i:[A-Z]{1,4}) )\d[\da-z-]{3,19})(?!\w)"
)
_ORDER = re.compile(
    r"(?i)\b(?:(?:order|booking|reservation|invoice|transaction|purchase|confirmation|pedido|commande|ordine|"
    rf"encomenda|factura|facture|fattura){_NUMBER}|(?:bestell|rechnungs|auftrags|buchungs)(?:nummer|nr\.?)|"
    r"(?:order|booking|reservation) ref(?:erence|\.)?|"
    rf"(?:order|pedido|commande|bestellung)(?= ?#)){_IS}#?"
    r"((?=[a-z-]{0,12}\d)[a-z0-9][a-z0-9-]{3,24}[a-z0-9])(?![\w-])"
)
_INSURANCE = re.compile(
    rf"(?i)\b(?:policy|insurance|insured|versicherungs|póliza|police|polizza|apólice){_NUMBER}{_IS}"
    r"([a-z0-9][a-z0-9-]{4,19})(?!\w)"
)
_INSURANCE_WORDS = ("polic", "insur", "versicherungs", "póliza", "polizza", "apólice")
_MEDICAL = re.compile(
    rf"(?i)\b(?:mrn|(?:medical record|patient|chart|health record){_NUMBER}){_IS}([a-z0-9-]{{5,16}})(?!\w)"
)
_MEDICAL_WORDS = ("mrn", "medical record", "patient", "chart", "health record")
_ROUTING = re.compile(rf"(?i)\b(?:routing|aba|rtn|transit){_NUMBER}?{_IS}(\d{{9}})(?!\w)", re.ASCII)
_SORT_CODE = re.compile(rf"(?i)\bsort ?code{_IS}(\d{{2}}[- ]?\d{{2}}[- ]?\d{{2}})(?!\w)", re.ASCII)
_BIC = re.compile(
    rf"(?i)\b(?:swift|bic)(?:/(?:swift|bic))?{_NUMBER}?{_IS}([a-z]{{6}}[a-z0-9]{{2}}(?:[a-z0-9]{{3}})?)(?!\w)", re.ASCII
)
_EXPIRY = re.compile(
    r"(?i)\b(?:exp(?:iry|ires?|iration)?(?: date)?|valid (?:thru|until|through)|gültig bis|caduca|vence|expire le)\.?"
    r"(?: is| on)?[\s:=]{1,3}((?:0?[1-9]|1[0-2])\s?[/-]\s?(?:20)?\d\d)(?![\w/-])",
    re.ASCII,
)
_PASSPORT = re.compile(
    r"(?i)\b(?:passport|pasaporte|passeport|reisepass|passaporto|passaporte)"
    r"(?:[ -]?(?:number|no\.?|nummer|n[°º]))?(?: is| es| est| ist| è| é)?[\s:#=]{1,3}([a-z0-9]{6,9})(?!\w)"
)
_LICENCE = re.compile(
    r"(?i)\b(?:driver'?s?|driving) licen[cs]e(?:[ -]?(?:number|no\.?))?(?: is)?[\s:#=]{1,3}"
    r"([a-z0-9-]{5,20}(?: \d{1,6}(?! ?[a-z])){0,3})(?!\w)"
)
_PLATE = re.compile(
    r"(?i)\b(?:licen[cs]e plate|number plate|plate|registration plate|vehicle registration|kennzeichen|matrícula|"
    rf"plaque|targa){_NUMBER}?{_IS}"
    r"((?=[a-zäöü -]{0,6}\d|\d[ -]?[a-z])[a-z0-9äöü]{1,4}[ -]?[a-z0-9]{1,5}(?:[ -]\d{1,4})?)(?!\w)"
)
_VIN = re.compile(r"(?i)\b[a-hj-npr-z0-9]{9}[a-hj-npr-z0-9]{2}[a-hj-npr-z0-9]{6}(?!\w)", re.ASCII)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_LETTERS = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True))
_IMEI = re.compile(rf"(?i)\bimei{_NUMBER}?{_IS}(\d{{2}}[ -]?\d{{6}}[ -]?\d{{6}}[ -]?\d)(?!\w)", re.ASCII)
_WALLET = re.compile(r"\b(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,71})(?!\w)", re.ASCII)
_ETHER = re.compile(r"\b0x[0-9a-fA-F]{40}(?!\w)", re.ASCII)
_ACCOUNT_WORDS = (
    *("account", "acct", "a/c", "customer", "member", "client", "loyalty", "cuenta", "compte", "conto", "conta"),
    *("socio", "abonné", "konto", "kunden", "mitglieds", "vertrags"),
)
_ORDER_WORDS = (
    *("order", "booking", "reservation", "invoice", "transaction", "purchase", "confirmation", "pedido", "commande"),
    *("ordine", "encomenda", "factura", "facture", "fattura", "bestell", "rechnungs", "auftrags", "buchungs"),
)
_ROUTING_WORDS = ("routing", "aba", "rtn", "transit")
_PLATE_WORDS = ("plate", "registration", "kennz", "matr", "plaque", "targa")
_PASS_WORDS = ("passp", "pasap", "passe", "reisepass", "passa")


def _has_four_digits(value: str) -> bool:
    return digits_in(value) >= 4


def _is_numbered(value: str) -> bool:
    return digits_in(value) >= 4 or (digits_in(value) >= 2 and len(value) >= 6 and value.isalnum() and value.isupper())


def _has_a_digit(value: str) -> bool:
    return digits_in(value) > 0


def _is_vin(value: str) -> bool:
    """Say whether the ninth character is the check digit (ISO 3779 as North America and China use it)."""
    numbers = [int(one) if one.isdigit() else _VIN_LETTERS[one] for one in value.upper()]
    check = sum(number * weight for number, weight in zip(numbers, _VIN_WEIGHTS, strict=True)) % 11
    return value[8].upper() == "0123456789X"[check] and 4 < digits_in(value) < len(value)


ACCOUNT_DETECTORS = (
    matcher("account_number", _ACCOUNT, CUED, _has_four_digits, _ACCOUNT_WORDS, digits=4),
    matcher("order_number", _ORDER, CUED, _is_numbered, _ORDER_WORDS, digits=2),
    matcher("insurance_number", _INSURANCE, CUED, _has_four_digits, _INSURANCE_WORDS, digits=4),
    matcher("medical_record", _MEDICAL, CUED, _has_four_digits, _MEDICAL_WORDS, digits=4),
    matcher("routing_number", _ROUTING, CHECKED, lambda value: bool(rtn.is_valid(value)), _ROUTING_WORDS, digits=9),
    matcher("sort_code", _SORT_CODE, CUED, gate=("sort",), digits=6),
    matcher("bic", _BIC, CHECKED, lambda value: bool(bic.is_valid(value)), ("swift", "bic")),
    matcher("card_expiry", _EXPIRY, CUED, gate=("exp", "valid", "bis", "caduca", "vence"), digits=3),
    matcher("passport", _PASSPORT, CUED, _has_four_digits, _PASS_WORDS, digits=4),
    matcher("drivers_license", _LICENCE, CUED, _has_four_digits, ("licen",), digits=4),
    matcher("license_plate", _PLATE, CUED, _has_a_digit, _PLATE_WORDS, digits=1),
    matcher("vin", _VIN, CHECKED, _is_vin, digits=5),
    matcher("imei", _IMEI, CHECKED, lambda value: bool(imei.is_valid(value)), ("imei",), digits=15),
    matcher("crypto_wallet", _WALLET, CHECKED, lambda value: bool(bitcoin.is_valid(value)), digits=1),
    matcher("crypto_wallet", _ETHER, SHAPED, gate=("0x",)),
)
