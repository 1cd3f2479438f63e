"""National ids: those of many countries are found, by their check digits alone or beside a cue."""

from __future__ import annotations

import pytest

from signalstream.ai.local.pii import PatternDetector

DETECTOR = PatternDetector()
CUED = [
    ("AU", "tax file number 123 456 782", "123 456 782"),
    ("AR", "mi CUIT es 20-05536168-2", "20-05536168-2"),
    ("BG", "egn 752316 926 3", "752316 926 3"),
    ("BR", "cpf 39053344705", "39053344705"),
    ("CA", "my sin is 123-456-782", "123-456-782"),
    ("CZ", "rodné číslo 710319 2745", "710319 2745"),
    ("DE", "Steuer-ID: 36 574 261 809", "36 574 261 809"),
    ("DK", "cpr 211062-5629", "211062-5629"),
    ("EE", "isikukood 36805280109", "36805280109"),
    ("FR", "numéro de sécurité sociale 2 95 10 99 126 111 93", "2 95 10 99 126 111 93"),
    ("GB", "NHS number 943 476 5919", "943 476 5919"),
    ("GR", "amka 01013099997", "01013099997"),
    ("HR", "oib 33392005961", "33392005961"),
    ("IE", "pps number 6433435F", "6433435F"),
    ("IL", "teudat zehut 3933742-3", "3933742-3"),
    ("IN", "pan card ACUPA7085R", "ACUPA7085R"),
    ("NL", "bsn 111222333", "111222333"),
    ("NO", "fødselsnummer 151086 95088", "151086 95088"),
    ("PL", "pesel 44051401359", "44051401359"),
    ("PT", "nif 501964843", "501964843"),
    ("RO", "cnp 1630615123457", "1630615123457"),
    ("SE", "personnummer 880320-0016", "880320-0016"),
    ("TH", "national id 1-2345-45678-78-1", "1-2345-45678-78-1"),
    ("TR", "tc kimlik 17291716060", "17291716060"),
    ("ZA", "id number 7503305044089", "7503305044089"),
]
ALONE = [
    ("BE", "85.07.30-033.28"),
    ("CH", "756.9217.0769.85"),
    ("CL", "12.531.909-2"),
    ("CN", "360426199101010071"),
    ("ES", "54362315K"),
    ("FI", "131052-308T"),
    ("IN", "2341 2341 2346"),
    ("IT", "RCCMNL83S18D969H"),
    ("KR", "971013-9019902"),
    ("MX", "BOXW310820HNERXN09"),
]


@pytest.mark.parametrize(("country", "text", "value"), CUED)
def test_an_id_beside_its_cue_is_found(country: str, text: str, value: str) -> None:
    assert ("national_id", value) in [(span.kind, text[span.start : span.end]) for span in DETECTOR.find(text)], country


@pytest.mark.parametrize(("country", "value"), ALONE)
def test_an_id_of_a_distinctive_shape_is_found_without_a_cue(country: str, value: str) -> None:
    text = f"I sent {value} already"
    assert ("national_id", value) in [(span.kind, text[span.start : span.end]) for span in DETECTOR.find(text)], country


@pytest.mark.parametrize("text", ["pesel 44051401358", "756.9217.0769.86", "131052-308U", "oib 33392005962"])
def test_wrong_check_digits_are_no_id(text: str) -> None:
    assert "national_id" not in [span.kind for span in DETECTOR.find(text)]


@pytest.mark.parametrize(("text", "found"), [("our VAT is DE136695976.", True), ("our VAT is DE136695977.", False)])
def test_a_vat_number_needs_its_check_digit(text: str, found: bool) -> None:
    assert (("vat_number", "DE136695976") in [(s.kind, text[s.start : s.end]) for s in DETECTOR.find(text)]) is found
