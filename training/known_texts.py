"""Texts whose vectors are known: the encoder's own, computed in floats, to tell whether integers round too much."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from signalstream.ai.local.head_files import text_array
from signalstream.ai.local.minilm import load_minilm

TEXTS = (
    "I was charged twice for one order and want my money back.",
    "how do i reset my password",
    "The app crashes every time I open it!",
    "Thank you, that was quick.",
    "Is the museum open on Sunday?",
    "My flight was cancelled, and nobody at the gate could tell me when the next one leaves or where my bags are.",
)


def known_texts() -> dict[str, NDArray[Any]]:
    """Return the texts and their vectors."""
    vectors = load_minilm(integers=False).run(TEXTS)
    return {"texts": text_array(list(TEXTS)), "vectors": vectors.astype(np.float16)}
