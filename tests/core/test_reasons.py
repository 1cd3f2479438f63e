from __future__ import annotations

import re

import pytest

from signalstream import errors
from signalstream.core.reasons import CODES, WORDS, ReasonCode, code_of, told
from signalstream.errors import AnalystError
from signalstream.models.intelligence import MAX_REASON_CHARACTERS, AnalysisStatus

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, AnalystError) and kind is not AnalystError
]
JARGON = re.compile(
    r"breaker|token|deadline|timeout|retr(y|ies)|quota|HTTP|gRPC|JSON|schema|exception|Error|null|\bAPI\b|latency|"
    r"analyst|degraded|rate limit|circuit|probe|endpoint|[_{}\[\]]|\b\d{3}\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_words_that_nobody_has_to_look_up(code: ReasonCode) -> None:
    for status in AnalysisStatus:
        words = told(code, status)
        assert words.startswith(WORDS[code])
        assert re.fullmatch(r"[A-Z].{15,}\.", words)
        assert JARGON.search(words) is None, words
        assert len(words) <= MAX_REASON_CHARACTERS


def test_no_two_codes_say_the_same() -> None:
    assert set(WORDS) == set(CODES)
    assert len(set(WORDS.values())) == len(CODES)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_of_an_analyst_has_a_code_of_its_own(kind: type[AnalystError]) -> None:
    error = kind.__new__(kind)
    assert code_of(error) != "other"
    assert [code_of(other.__new__(other)) for other in KINDS].count(code_of(error)) == 1


def test_what_nobody_foresaw_is_other() -> None:
    assert code_of(AnalystError("?")) == code_of(ValueError("?")) == code_of(None) == "other"


def test_the_words_say_what_it_means_for_the_result() -> None:
    assert "built-in analysis" in told("unavailable", AnalysisStatus.DEGRADED)
    assert "no result" in told("unavailable", AnalysisStatus.FAILED)
    assert told("superseded", AnalysisStatus.SKIPPED) == WORDS["superseded"]
