"""A model's words are one bounded line without personal data; percents become shares."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.local.pii_policy import Policies, Policy
from signalstream.ai.remote.cleaning import PHRASE_CHARACTERS, line, lines, share
from tests.ai.remote.turns import prepared

TURN = prepared("hello")
ALLOWING = prepared("hello", policies=Policies(default=Policy(allow={"url": ("shop.example",)})))


def test_a_value_that_the_model_made_up_or_decoded_is_taken_out() -> None:
    told = line("Pay to DE89 3704 0044 0532 0130 00 or at https://evil.example/pay", 300, TURN)
    assert "DE89" not in told
    assert "evil" not in told
    assert "[IBAN_" in told


def test_what_the_tenant_allows_may_be_said() -> None:
    assert line("See https://shop.example/returns", 300, ALLOWING) == "See https://shop.example/returns"


def test_a_value_at_the_cut_is_taken_out_before_the_cut() -> None:
    told = line("x" * 130 + " 4111 1111 1111 1111", 140, TURN)
    assert "4111" not in told


@settings(deadline=None)
@given(st.text(alphabet=st.characters(), max_size=400), st.integers(20, 200))
def test_a_line_is_short_whole_and_can_be_stored(text: str, most: int) -> None:
    told = line(text, most, TURN)
    assert len(told) <= most
    assert told == told.strip()
    assert "\n" not in told
    told.encode()


def test_phrases_are_few_different_and_none_is_empty() -> None:
    assert lines(["a", " a ", "", "\u200b", "b", "c", "d"], 3, TURN) == ("a", "b", "c")
    assert len(lines(["x " * 500], 3, TURN)[0]) <= PHRASE_CHARACTERS


@settings(deadline=None)
@given(st.integers())
def test_a_share_is_between_zero_and_one(percent: int) -> None:
    assert 0 <= share(percent) <= 1
