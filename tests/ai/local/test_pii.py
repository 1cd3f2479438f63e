"""What the patterns find, what they leave alone, and the laws of redaction."""

from __future__ import annotations

import re
import time
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from signalstream.ai.local.evidence import Detector, Gate, Gated, Matcher, count_digits, in_lower_case
from signalstream.ai.local.pii import STAGES, PatternDetector, redact
from signalstream.ai.local.searchable import searchable
from signalstream.core.redaction import Span
from tests.ai.local.pii_texts import CLEAN, made

DETECTOR = PatternDetector()

FOUND = [
    ("write to jane.doe+x@example.co.uk.", "email", "jane.doe+x@example.co.uk"),
    ("schreib an jürgen@müller.de", "email", "jürgen@müller.de"),
    ("call 415-555-0123 please", "phone", "415-555-0123"),
    ("(212) 555-0188", "phone", "(212) 555-0188"),
    ("ring me on 07911 123456", "phone", "07911 123456"),
    ("+44 20 7946 0958", "phone", "+44 20 7946 0958"),
    ("+91 98765 43210", "phone", "+91 98765 43210"),
    ("my mobile is 2125550188", "phone", "2125550188"),
    ("mi móvil es 612 345 678", "phone", "612 345 678"),
    ("tél 01 42 68 53 00", "phone", "01 42 68 53 00"),
    ("Telefon 030 1234567", "phone", "030 1234567"),
    ("card 4111 1111 1111 1111 ok", "credit_card", "4111 1111 1111 1111"),
    ("5555-5555-5555-4444", "credit_card", "5555-5555-5555-4444"),
    ("amex 3782 822463 10005", "credit_card", "3782 822463 10005"),
    ("maestro 501864667909", "credit_card", "501864667909"),
    ("4111111111111111exp12", "credit_card", "4111111111111111"),
    ("DE89 3704 0044 0532 0130 00 THANKS", "iban", "DE89 3704 0044 0532 0130 00"),
    ("gb82west12345698765432", "iban", "gb82west12345698765432"),
    ("SSN 123-45-6789", "ssn", "123-45-6789"),
    ("my ssn is 123456789", "ssn", "123456789"),
    ("from 203.0.113.9 today", "ip_address", "203.0.113.9"),
    ("2001:db8::8a2e:370:7334", "ip_address", "2001:db8::8a2e:370:7334"),
    ("https://joe:s3cret@host.example/x", "url_with_credentials", "https://joe:s3cret@host.example/x"),
    ("https://x.example/?token=abcd1234", "url_with_credentials", "https://x.example/?token=abcd1234"),
    ("key AKIAIOSFODNN7EXAMPLE", "api_key", "AKIAIOSFODNN7EXAMPLE"),
    ("ghp_" + "a1B2" * 9, "api_key", "ghp_" + "a1B2" * 9),
    ("Authorization: Bearer abcdef0123456789abcdef", "api_key", "abcdef0123456789abcdef"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"),
    ("password: hunter2", "password", "hunter2"),
    ("my pin is 4921", "password", "4921"),
    ("Passwort: geheim!1", "password", "geheim!1"),
    ("cvv 123", "security_code", "123"),
    ("dob: 12/03/1985", "date_of_birth", "12/03/1985"),
    ("I was born on March 12, 1985", "date_of_birth", "March 12, 1985"),
    ("geboren am 3. April 1990", "date_of_birth", "3. April 1990"),
    ("account number 12345678", "account_number", "12345678"),
    ("Kundennummer: 998877", "account_number", "998877"),
    ("passport number X1234567", "passport", "X1234567"),
    ("I live at 12 Main Street, Springfield, IL 62704", "address", "12 Main Street, Springfield, IL 62704"),
    ("Hauptstraße 12, 10115 Berlin", "address", "Hauptstraße 12, 10115 Berlin"),
    ("12 rue de la Paix 75002 Paris", "address", "12 rue de la Paix 75002 Paris"),
    ("Calle Mayor 3", "address", "Calle Mayor 3"),
    ("send it to SW1A 1AA", "address", "SW1A 1AA"),
    ("my name is Jane Doe and", "name", "Jane Doe"),
    ("my name is jane doe and", "name", "jane doe"),
    ("This is Bob Smith", "name", "Bob Smith"),
    ("I'm Priya from Leeds", "name", "Priya"),
    ("me llamo José García", "name", "José García"),
    ("je m'appelle Hélène Dupont", "name", "Hélène Dupont"),
    ("ich heiße Jürgen Müller", "name", "Jürgen Müller"),
    ("Kind regards,\nAnna Lee", "name", "Anna Lee"),
    ("Hi Maria, where is it", "name", "Maria"),
    ("DNI 12345678Z", "national_id", "12345678Z"),
    ("NHS number 943 476 5919", "national_id", "943 476 5919"),
    ("cpf 390.533.447-05", "national_id", "390.533.447-05"),
    ("RSSMRA85T10A562S", "national_id", "RSSMRA85T10A562S"),
    ("NI number AB123456C", "national_id", "AB123456C"),
]
LEFT_ALONE = [
    "card 4111 1111 1111 1112",
    "card 1234 5678 9012 3456",
    "IBAN DE89 3704 0044 0532 0130 01",
    "SSN 000-45-6789",
    "order 4155550123",
    "invoice 2024-12-31",
    "2024-01-02 12:30:45",
    "on 31/12/2024 and 01.02.2025",
    "version 1.2.3.4 and 127.0.0.1",
    "999.1.2.3",
    "std::vector at 10:30",
    "I am Very Angry",
    "This is Not Acceptable",
    "I'm waiting, this is urgent",
    "Dear Customer Service,",
    "Hi Team,",
    "my password is not working",
    "I forgot my password and need it",
    "2 weeks on the road",
    "I paid 1 234 567 and 99.99",
    "tracking 1Z 999 AA1 01 2345 6784",
    "[EMAIL_1] and [CREDIT_CARD_12]",
    "room @ 5, x@y",
    "",
    " ",
    "😀😀😀",
]
NOISE = st.text(alphabet=st.characters(codec="utf-8"), max_size=60)
PLANTED = st.sampled_from([(text, kind, value) for text, kind, value in FOUND])
LIVELY = st.text(alphabet="ab 1459-.@:/+()[]_EMAIL\n\u200b\u00a0é😀", max_size=120)


@pytest.mark.parametrize(("text", "kind", "value"), FOUND)
def test_personal_data_is_found_with_its_exact_place(text: str, kind: str, value: str) -> None:
    assert (kind, value) in [(span.kind, text[span.start : span.end]) for span in DETECTOR.find(text)]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_only_looks_like_personal_data_is_left_alone(text: str) -> None:
    assert DETECTOR.find(text) == ()


def test_a_private_key_goes_whole_even_when_its_end_is_missing() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc"
    assert redact(f"here {key}") == "here [PRIVATE_KEY_1]"
    assert redact(f"here {key}\n-----END RSA PRIVATE KEY----- ok") == "here [PRIVATE_KEY_1] ok"


def test_checked_values_are_certain_and_cued_ones_less() -> None:
    grades = {span.kind: span.confidence for span in DETECTOR.find("my name is Jane Doe, 4111111111111111, a@b.co")}
    assert grades == {"name": 0.6, "credit_card": 1.0, "email": 0.9}


def test_hidden_and_wide_characters_do_not_hide_a_card() -> None:
    hidden = "4111\u200b1111\u200b1111\u200b1111"
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in "4111111111111111")
    assert redact(f"{hidden} or {wide}") == "[CREDIT_CARD_1] or [CREDIT_CARD_1]"


def test_a_name_that_was_introduced_is_found_wherever_it_stands() -> None:
    assert redact("My name is Jane Doe. Yours, Jane Doe!") == "My name is [NAME_1]. Yours, [NAME_1]!"


def test_the_same_value_keeps_its_number() -> None:
    assert redact("a@b.co, c@d.co, A@B.co") == "[EMAIL_1], [EMAIL_2], [EMAIL_1]"


def test_new_values_beside_old_placeholders_get_numbers_of_their_own() -> None:
    assert redact("[EMAIL_1] a@b.co") == "[EMAIL_1] [EMAIL_2]"


@given(NOISE, PLANTED, NOISE)
def test_a_found_value_stands_nowhere_in_the_redacted_text(
    before: str, planted: tuple[str, str, str], after: str
) -> None:
    text = f"{before}\n{planted[0]}\n{after}"
    out = redact(text)
    for span in DETECTOR.find(text):
        value = text[span.start : span.end]
        if len(value) >= 3:
            assert not re.search(rf"(?<!\w){re.escape(value)}(?!\w)", out)


@given(st.lists(PLANTED, max_size=4), LIVELY)
def test_spans_never_overlap_and_lie_in_the_text(planted: list[tuple[str, str, str]], noise: str) -> None:
    text = noise + " ".join(text for text, _, _ in planted) + noise
    spans = DETECTOR.find(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(before.end <= after.start for before, after in pairwise(spans))


@settings(max_examples=300)
@given(st.lists(PLANTED, max_size=4), LIVELY)
@example([], "415 555 0123 4111 1111 1111 1111 415 555 0124")
def test_redacting_a_redacted_text_changes_nothing(planted: list[tuple[str, str, str]], noise: str) -> None:
    once = redact(noise + " ".join(text for text, _, _ in planted) + noise)
    assert redact(once) == once


def list_of(detector: Detector, plain: str) -> list[Span]:
    return list(detector(plain))


GATED = [one for stage in STAGES for one in stage if isinstance(one, Gated)]
MATCHERS = [(one.gate, one.behind_gate) for one in GATED if isinstance(one.behind_gate, Matcher)]
WORDS = sorted({word for one in GATED for word in one.gate.words})
ALL_BY_THEMSELVES = tuple(tuple(partial(list_of, one) for one in stage) for stage in STAGES)
WITHOUT_GATES = PatternDetector(
    tuple(
        tuple(partial(list_of, one.behind_gate if isinstance(one, Gated) else one) for one in stage) for stage in STAGES
    )
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*WORDS, "4111 1111 1111 1111", "jane@example.com", "Jane Miller", "is", "\n", "+1 415 555 0100"]
        ),
        max_size=12,
    )
)
def test_a_gate_that_detectors_share_lets_pass_what_each_by_itself_would_find(words: list[str]) -> None:
    text = " ".join(words)
    assert PatternDetector().find(text) == PatternDetector(ALL_BY_THEMSELVES).find(text)


@pytest.mark.parametrize(("gate", "detector"), MATCHERS, ids=lambda one: getattr(one, "kind", ""))
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_gate_admits_whatever_its_pattern_matches(gate: Gate, detector: Matcher, data: st.DataObject) -> None:
    text = searchable(data.draw(st.from_regex(detector.pattern))).plain
    assert gate.admits(count_digits(text), in_lower_case(text)) or not list(detector(text))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*(text for text, _, _ in FOUND), *WORDS, "is", "no.", "number"]), max_size=6), LIVELY)
def test_gates_hold_back_no_text_in_which_something_would_be_found(words: list[str], noise: str) -> None:
    for text in (noise.join(words), " ".join(words).swapcase()):
        assert DETECTOR.find(text) == WITHOUT_GATES.find(text)


def test_gates_hold_back_no_support_message_in_which_something_would_be_found() -> None:
    for text in [*(each.text for each in made(300, seed=5)), *CLEAN]:
        assert DETECTOR.find(text) == WITHOUT_GATES.find(text)


@pytest.mark.parametrize("text", ["MY PA\u017fSWORD: hunter2", "MY P\u0130N: 4921", "my p\u0131n: 4921"])
def test_letters_that_patterns_take_for_latin_ones_open_a_gate(text: str) -> None:
    assert [span.kind for span in DETECTOR.find(text)] == ["password"]


def test_a_text_full_of_values_is_searched_in_the_time_of_a_long_text() -> None:
    text = " ".join(f"a{number}@b.co" for number in range(2_000))
    began = time.thread_time()
    assert len(PatternDetector().find(text)) == 2_000
    assert time.thread_time() - began < 0.8  # a pattern for each value took more than three seconds


@pytest.mark.parametrize("cue", ["MRN", "medical record no.", "Patient number", "chart no", "Health Record number"])
def test_every_cue_of_a_medical_record_opens_its_gate(cue: str) -> None:
    assert [span.kind for span in DETECTOR.find(f"{cue}: ab-12345")] == ["medical_record"]


@pytest.mark.parametrize(
    "cue", ["Policy", "insurance", "INSURED", "Versicherungs", "Póliza", "police", "polizza", "apólice"]
)
def test_every_cue_of_an_insurance_number_opens_its_gate(cue: str) -> None:
    assert [span.kind for span in DETECTOR.find(f"{cue} number: ab-12345")] == ["insurance_number"]
