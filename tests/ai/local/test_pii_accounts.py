"""Numbers of accounts, orders, vehicles and devices: each after its words, checked where it can be."""

from __future__ import annotations

import pytest

from signalstream.ai.local.pii import PatternDetector

DETECTOR = PatternDetector()
FOUND = [
    ("account number 12345678", "account_number", "12345678"),
    ("order number: A-4471-22", "order_number", "A-4471-22"),
    ("order #55120934 is late", "order_number", "55120934"),
    ("Bestellnummer 030 is ok, Bestellnummer: 99120034", "order_number", "99120034"),
    ("booking id BK20391", "order_number", "BK20391"),
    ("policy number POL-889123", "insurance_number", "POL-889123"),
    ("MRN: 00482913", "medical_record", "00482913"),
    ("routing number 111000025", "routing_number", "111000025"),
    ("sort code 20-00-00", "sort_code", "20-00-00"),
    ("SWIFT: DEUTDEFF500", "bic", "DEUTDEFF500"),
    ("exp 09/27 please", "card_expiry", "09/27"),
    ("passport number X1234567", "passport", "X1234567"),
    ("driver's license D1234567", "drivers_license", "D1234567"),
    ("license plate 7ABC123", "license_plate", "7ABC123"),
    ("VIN 1HGCM82633A004352 here", "vin", "1HGCM82633A004352"),
    ("imei 49-015420-323751-8", "imei", "49-015420-323751-8"),
    ("pay 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa now", "crypto_wallet", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("0x52908400098527886E0F7030069857D2E4169EE7", "crypto_wallet", "0x52908400098527886E0F7030069857D2E4169EE7"),
]
LEFT_ALONE = [
    "routing number 111000026",
    "VIN 1HGCM82633A004353",
    "imei 49-015420-323751-9",
    "my order is late",
    "order number please",
    "the swift transfer failed",
    "plate of pasta for 12",
    "expires in 09 days",
    "account manager 2024",
]


@pytest.mark.parametrize(("text", "kind", "value"), FOUND)
def test_a_number_after_its_words_is_found(text: str, kind: str, value: str) -> None:
    assert (kind, value) in [(span.kind, text[span.start : span.end]) for span in DETECTOR.find(text)]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_does_not_check_or_is_no_number_is_left_alone(text: str) -> None:
    assert DETECTOR.find(text) == ()
