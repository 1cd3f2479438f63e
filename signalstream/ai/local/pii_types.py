"""The types of personal data, and what finds each; ``docs/PII.md`` shows this table."""

from __future__ import annotations

from collections.abc import Mapping

TYPES: Mapping[str, str] = {
    "name": "model; after a cue, a title or a greeting",
    "address": "model; street and number in six languages, box, form field, UK postcode",
    "email": "shape",
    "phone": "numbering plan of a country; after a cue",
    "date_of_birth": "after a cue",
    "username": "after a cue; @handle",
    "ssn": "US social security number: area and grouping",
    "national_id": "check digits of 34 countries' ids, alone where the shape is distinctive, else after a cue",
    "vat_number": "check digits of the countries of the European Union",
    "passport": "after a cue; model",
    "drivers_license": "after a cue; model",
    "license_plate": "after a cue",
    "vin": "check digit",
    "medical_record": "after a cue",
    "insurance_number": "after a cue",
    "credit_card": "issuer, length and Luhn",
    "card_expiry": "after a cue",
    "security_code": "after a cue",
    "iban": "country's structure and mod 97",
    "bic": "after a cue, structure and country",
    "account_number": "after a cue; model",
    "routing_number": "after a cue, check digit",
    "sort_code": "after a cue",
    "crypto_wallet": "checksum (Bitcoin); shape (Ethereum)",
    "order_number": "after a cue",
    "ip_address": "parsed, version 4 and 6",
    "mac_address": "shape",
    "imei": "after a cue, Luhn",
    "coordinates": "shape, four decimals and more",
    "url": "shape",
    "url_with_credentials": "shape: user and password, or a key in the query",
    "api_key": "prefixes of vendors; after a cue",
    "jwt": "shape",
    "private_key": "PEM block",
    "password": "after a cue",
    "security_answer": "after a cue",
}
