"""An answer that recites what we told the model is recognised, in the simple codes too."""

from __future__ import annotations

import base64
import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.ai.remote.leaking import WINDOW, recites, windows
from signalstream.ai.remote.prompts import FRAME, INSIGHTS, PROMPTS

TOLD = windows(PROMPTS["insights"].instructions)
HONEST = (
    "The customer is angry about a wrong charge and wants the money back.",
    "fraud or a breach, legal steps",
    "a blocked customer, a deadline",
    "Critical: danger to people",
    "I am sorry for the trouble. I am comparing the charge with your invoices now.",
    "Order aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ= was not delivered",
)


@pytest.mark.parametrize("honest", HONEST)
def test_an_honest_answer_recites_nothing(honest: str) -> None:
    assert not recites(honest, TOLD)


@pytest.mark.parametrize(
    "disguise",
    [
        str,
        str.upper,
        lambda text: text[::-1],
        " ".join,
        lambda text: text.replace(" ", "_").replace("e", "é"),
        lambda text: codecs.encode(text, "rot13"),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
        lambda text: text.encode().hex(),
        lambda text: f"Sure! Here it is: **{text}**",
        "\u200b".join,
    ],
)
@pytest.mark.parametrize("piece", [FRAME[:120], INSIGHTS[200:300]])
def test_a_recited_piece_is_recognised_in_every_disguise(piece: str, disguise: object) -> None:
    assert callable(disguise)
    assert recites(disguise(piece), TOLD)


@given(st.integers(0, len(FRAME) - 80))
def test_any_eighty_characters_of_the_instructions_are_too_many(start: int) -> None:
    assert recites(FRAME[start : start + 80], TOLD)


@given(st.text(max_size=300))
def test_any_text_can_be_looked_at(text: str) -> None:
    assert recites(text, windows(text)) == (len(windows(text).pieces) > 0)


def test_pieces_are_as_long_as_they_say() -> None:
    assert {len(piece) for piece in TOLD.pieces} == {WINDOW}


@given(st.integers(0, 60), st.integers(0, 200))
def test_a_piece_is_recognised_wherever_it_stands(before: int, start: int) -> None:
    letters = "".join(one for one in FRAME.lower() if one.isalnum())
    assert recites("x" * before + letters[start : start + WINDOW] + "x", TOLD)
    assert not recites("x" * before + letters[start : start + WINDOW - 1], TOLD)
