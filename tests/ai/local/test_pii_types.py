"""Every type of the table in ``docs/PII.md``: found by patterns with its exact place, beside something like it."""

from __future__ import annotations

import pytest

from signalstream.ai.local.pii import PatternDetector
from signalstream.ai.local.pii_types import TYPES

DETECTOR = PatternDetector()
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"
EXAMPLES = (
    ("name", "Guten Tag, mein Name ist {} und ich warte", "Jürgen Großmann"),
    ("address", "please ship it to {} today", "221 Baker Street, London"),
    ("email", "<{}>, or nothing", "o'brien.k+shop@mail.example.co.uk"),
    ("phone", "Handy {}!", "0151 23456789"),
    ("date_of_birth", "née le {}, à Lyon", "14 juillet 1990"),
    ("username", "my username is {} there", "night_owl77"),
    ("ssn", "my SSN is {}.", "457-55-5462"),
    ("ssn", "social security number: {} ok", "457 55 5462"),
    ("national_id", "codice fiscale {}", "RSSMRA85T10A562S"),
    ("vat_number", "our VAT number is {}", "DE136695976"),
    ("passport", "passport no. {}", "X1234567"),
    ("drivers_license", "driving licence: {}", "MORGA657054SM9IJ"),
    ("license_plate", "number plate {} was seen", "M-AB 1234"),
    ("vin", "the car {} is mine", "1HGCM82633A004352"),
    ("medical_record", "MRN: {}", "00458712"),
    ("insurance_number", "policy number {}", "POL-9987123"),
    ("credit_card", "amex {} declined", "378282246310005"),
    ("card_expiry", "card expires {}", "09/27"),
    ("security_code", "the security code is {}", "4321"),
    ("iban", "to {} please", "GB29 NWBK 6016 1331 9268 19"),
    ("bic", "swift code {}", "DEUTDEFF500"),
    ("account_number", "my account number is {}, I think", "12345678"),
    ("routing_number", "routing number {}", "021000021"),
    ("sort_code", "sort code {}", "60-16-13"),
    ("crypto_wallet", "send it to {}", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("order_number", "order number {} is late", "AB-20991-X"),
    ("order_number", "my booking reference {} is not known", "XKJ42P9"),
    ("ip_address", "from {} I think", "2001:db8:85a3::8a2e:370:7334"),
    ("mac_address", "the router {} is offline", "00:1B:44:11:3A:B7"),
    ("mac_address", "MAC: {}", "00-1b-44-11-3a-b7"),
    ("mac_address", "the switch {} too", "001b.4411.3ab7"),
    ("imei", "IMEI {}", "490154203237518"),
    ("coordinates", "at {} now", "51.5074, -0.1278"),
    ("url", "see {}, please", "https://acme.example/orders/1234"),
    ("url_with_credentials", "{} is it", "https://bob:hunter2@host.example/x"),
    ("api_key", "the key {} is in use", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"),
    ("jwt", "token {}", TOKEN),
    ("private_key", "here: {}", "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"),
    ("password", "pwd={} and go", "Tr0ub4dor&3"),
    ("security_answer", "security answer: {}", "Fluffy"),
)


def test_every_type_has_an_example() -> None:
    assert {kind for kind, _, _ in EXAMPLES} == set(TYPES)


@pytest.mark.parametrize(("kind", "text", "value"), EXAMPLES)
@pytest.mark.parametrize("before", ["", "🙂 e\u0301 ", "See 2.14.3, 12/03/2024. "])
def test_each_is_found_with_its_exact_place(before: str, kind: str, text: str, value: str) -> None:
    whole = before + text.format(value)
    found = [(span.kind, whole[span.start : span.end]) for span in DETECTOR.find(whole)]
    assert (kind, value) in found
    assert value not in DETECTOR.redact(whole)


@pytest.mark.parametrize(
    "text",
    [
        "see section 4.2.1.3 of the manual",
        "firmware 1.2.3.4 is out",
        "my SSN is not shown",
        "please change the pin on my bank account to 3232",
        "it is called 00:1B:44:11",
        "booking reference unknown",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert DETECTOR.find(text) == ()
