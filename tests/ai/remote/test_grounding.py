"""Figures that were said are grounded, whatever their marks; figures that nobody said are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.ai.remote.grounding import figures_in, is_grounded

SAID = "I paid 1,200.00 on 2026-11-22 at 07:45, order [ORDER_NUMBER_33], 3 items, ٤٥ riyals"


@pytest.mark.parametrize(
    "text",
    [
        "1200 were paid",
        "1.200 were paid",
        "on 22 November 2026",
        "22.11.2026",
        "at 7:45",
        "3 items, or 4",
        "45 riyals",
        "order [ORDER_NUMBER_33]",
        "no figure",
        "",
    ],
)
def test_what_was_said_in_other_marks_is_grounded(text: str) -> None:
    assert is_grounded(text, figures_in([SAID]))


@pytest.mark.parametrize("text", ["1300 were paid", "within 24 hours", "order 33", "on 23.11.2026", "99.99"])
def test_what_nobody_said_is_not(text: str) -> None:
    assert not is_grounded(text, figures_in([SAID]))


@given(st.text())
def test_every_text_grounds_itself(text: str) -> None:
    assert is_grounded(text, figures_in([text]))
