"""The head that tells sentences with a request or a commitment from others, from sentences of e-mails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from signalstream.ai.local.request_signs import SIGNS, request_signs
from training.data import email_sentences
from training.fit import Examples, Recipe, calibration_error, fit
from training.vectors import KeptVectors

LABELS = ("other", "request")
RECIPE = Recipe(labels=LABELS, signs=SIGNS, strength=0.4, balanced=False)
SOURCES = ("EmailIntentDataSet (Parakweet Labs, Apache-2.0)",)


def train(data: Path, vectors: KeptVectors) -> tuple[dict[str, NDArray[Any]], dict[str, float]]:
    """Return the head's arrays and what was measured."""
    sentences = email_sentences(data)
    learned = Examples(
        texts=sentences.texts,
        vectors=vectors.of(sentences.texts),
        signs=np.array([request_signs(text) for text in sentences.texts], dtype=np.float32),
        labels=sentences.labels,
        weights=np.ones(len(sentences.texts), dtype=np.float32),
        real=np.ones(len(sentences.texts), dtype=bool),
    )
    fitted = fit(learned, RECIPE)
    figures = {
        "cross-validated F1": float(f1_score(fitted.truth, fitted.scores.argmax(axis=1))),
        "cross-validated calibration error": calibration_error(fitted.probabilities, fitted.truth),
    }
    return fitted.arrays, figures
