"""Texts whose vectors and figures are known, computed in floats: they tell whether integers round too much."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from signalstream.ai.local.head_files import text_array
from signalstream.ai.local.minilm import load_minilm
from signalstream.ai.local.ner import Rampart

TEXTS = (
    "I was charged twice for one order and want my money back.",
    "how do i reset my password",
    "The app crashes every time I open it!",
    "Thank you, that was quick.",
    "Is the museum open on Sunday?",
    "My flight was cancelled, and nobody at the gate could tell me when the next one leaves or where my bags are.",
)
PERSONAL = (
    "My name is Priya Raman and I live at 12 Elm Row, Leeds LS6 2AB.",
    "please send it to jan kowalski, ul. prosta 14, 00-850 warszawa",
    "Call me on 415 555 0134 or write to j.doe@mail.example",
    "The lamp that I ordered on Monday has not arrived, can I have my money back?",
    "Mein Konto ist gesperrt. Mein Name ist Jürgen Groß, Hauptstraße 5, 10115 Berlin.",
    "passport number X1234567, account 12345678",
)


def known_texts() -> dict[str, NDArray[Any]]:
    """Return the texts and their vectors."""
    vectors = load_minilm(integers=False).run(TEXTS)
    return {"texts": text_array(list(TEXTS)), "vectors": vectors.astype(np.float16)}


def known_readings() -> dict[str, NDArray[Any]]:
    """Return texts with personal data and the figures of all their words, one row after another."""
    figures = np.concatenate([reading.figures for reading in Rampart(integers=False).read(PERSONAL)])
    return {"texts": text_array(list(PERSONAL)), "figures": figures.astype(np.float16)}
