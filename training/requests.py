"""The head that tells sentences with a request or a commitment from others, from sentences of e-mails and frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from signalstream.ai.local.request_signs import SIGNS, request_signs
from training.data import Labelled, email_sentences
from training.fit import SEED, Examples, Recipe, calibration_error, fit
from training.request_sentences import FRAMES
from training.support_sentences import support_sentences
from training.vectors import KeptVectors

LABELS = ("other", "request")
RECIPE = Recipe(labels=LABELS, signs=SIGNS, strength=0.6, sign_scale=0.4, balanced=False)
FRAME_WEIGHT = 0.3
SENTENCES_OF_A_FRAME = 8
SOURCES = (
    "EmailIntentDataSet (Parakweet Labs, Apache-2.0)",
    "sentence frames of requests and promises written for this project",
)


def train(data: Path, vectors: KeptVectors) -> tuple[dict[str, NDArray[Any]], dict[str, float]]:
    """Return the head's arrays and what was measured."""
    frames = support_sentences(SENTENCES_OF_A_FRAME, SEED, FRAMES)
    support = Labelled([text for text, _ in frames], [label for _, label in frames], FRAME_WEIGHT)
    learned = _examples([email_sentences(data), support], vectors)
    fitted = fit(learned, RECIPE)
    figures = {
        "cross-validated F1": float(f1_score(fitted.truth, fitted.scores.argmax(axis=1))),
        "cross-validated calibration error": calibration_error(fitted.probabilities, fitted.truth),
    }
    return fitted.arrays, figures


def _examples(sets: list[Labelled], vectors: KeptVectors) -> Examples:
    """Return the sets as one; the first of them was labelled by people."""
    texts = [text for one in sets for text in one.texts]
    return Examples(
        texts=texts,
        vectors=np.concatenate([vectors.of(one.texts) for one in sets]),
        signs=np.array([request_signs(text) for text in texts], dtype=np.float32),
        labels=[label for one in sets for label in one.labels],
        weights=np.concatenate([np.full(len(one.texts), one.weight, dtype=np.float32) for one in sets]),
        real=np.arange(len(texts)) < len(sets[0].texts),
    )
