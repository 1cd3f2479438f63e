"""What a sentence opens with is left out only where it says nothing."""

from __future__ import annotations

import pytest

from signalstream.ai.local.pii import redact
from signalstream.ai.local.said import said_in
from signalstream.ai.local.voices import listen
from tests.ai.local.conversations import turn


def core(text: str) -> str:
    [said] = said_in(listen(turn(text, "agent", ()), redact))
    return said.core


@pytest.mark.parametrize(
    "text",
    [
        "No parcel has come yet.",
        "I see both charges and have refunded the second one.",
        "You know my number already.",
        "Thanks for nothing at all.",
        "Great service as always here.",
    ],
)
def test_words_that_belong_to_what_is_said_stay(text: str) -> None:
    assert core(text) == text


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("No, the parcel has come.", "the parcel has come."),
        ("I see, the parcel has come.", "the parcel has come."),
        ("Oh well, the parcel has come.", "the parcel has come."),
        ("Hello, thanks - the parcel has come.", "the parcel has come."),
    ],
)
def test_what_says_nothing_goes(text: str, rest: str) -> None:
    assert core(text) == rest
