"""From sample sentences to a head: prototypes for few samples of a label, a fitted head for ten and more.

Both give each label a probability, and none to what is unlike everything they know: the probabilities of a text that
fits no label add up to less than 1, and what is missing belongs to "none of these".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from signalstream.ai.local.heads import Floats, softmax
from signalstream.ai.local.intent_features import SIZE, IntentFeatures, features_for
from signalstream.ai.local.intent_ridge import ridge
from signalstream.ai.local.minilm import unit
from signalstream.ai.local.taxonomy import Taxonomy

LEAST_TO_FIT = 10
"""Samples that every label must have for a head to be fitted."""
_SHARPNESS = 14.0
_FIT_TEMPERATURES = np.geomspace(0.02, 1.0, 40)
_LIKE = 0.30
"""Cosine with the nearest sample at which a text is as likely to be out of scope as not, for prototypes."""
_LIKE_WIDTH = 0.05


class IntentHead(Protocol):
    """Says how likely each label of a taxonomy is."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels, in the order of the columns."""
        ...

    @property
    def engine(self) -> str:
        """Return what it is called in an answer."""
        ...

    def probabilities(self, texts: Sequence[str], vectors: Floats) -> Floats:
        """Return an array of shape (texts, labels); a row adds up to at most 1. ``vectors`` are the encoder's."""
        ...


@dataclass(frozen=True)
class Prototypes:
    """Compares a text with each sample: the nearest of a label counts half, the middle of its samples the other.

    One row of ``middles`` more than labels is that of sentences which no label fits.
    """

    labels: tuple[str, ...]
    samples: Floats
    owners: NDArray[np.int64]
    middles: Floats
    engine: str = "prototypes"

    def probabilities(self, texts: Sequence[str], vectors: Floats) -> Floats:  # noqa: ARG002 - vectors say it all
        """See IntentHead."""
        likeness = vectors @ self.samples.T
        nearest = np.stack([likeness[:, self.owners == at].max(axis=1) for at in range(len(self.middles))], axis=1)
        scores = (nearest + vectors @ self.middles.T) / 2
        in_scope = _sigmoid((nearest.max(axis=1, keepdims=True) - _LIKE) / _LIKE_WIDTH)
        shares = np.asarray(softmax(scores, 1 / _SHARPNESS) * in_scope, dtype=np.float32)
        return shares[:, : len(self.labels)]


@dataclass(frozen=True)
class FittedHead:
    """A ridge regression on ``features``, one column for each label (1 for its own texts, -1 for others)."""

    labels: tuple[str, ...]
    features: IntentFeatures
    weights: Floats
    bias: Floats
    temperature: float
    scope: tuple[float, float]
    engine: str = "fitted"

    def probabilities(self, texts: Sequence[str], vectors: Floats) -> Floats:
        """See IntentHead."""
        scores = self.features.of(texts, vectors) @ self.weights + self.bias
        middle, width = self.scope
        in_scope = _sigmoid((scores.max(axis=1, keepdims=True) - middle) / width)
        shares = np.asarray(softmax(scores, self.temperature) * in_scope, dtype=np.float32)
        return shares[:, : len(self.labels)]


def head_for(taxonomy: Taxonomy, vectors: Floats) -> IntentHead:
    """Return the head for a taxonomy; ``vectors`` are those of ``taxonomy.rows()``, in order."""
    rows = taxonomy.rows()
    owners = np.array([at for _, at in rows], dtype=np.int64)
    counts = np.bincount(owners)
    if counts[: len(taxonomy.labels)].min() >= LEAST_TO_FIT:
        return _fitted(taxonomy.labels, [text for text, _ in rows], vectors, owners)
    middles = np.stack([vectors[owners == at].mean(axis=0) for at in range(len(counts))])
    return Prototypes(taxonomy.labels, vectors, owners, unit(middles))


def _fitted(labels: tuple[str, ...], texts: list[str], vectors: Floats, owners: NDArray[np.int64]) -> FittedHead:
    features = features_for(texts)
    truth = np.where(np.arange(owners.max() + 1) == owners[:, None], 1, -1).astype(np.float32)
    fit = ridge(lambda part: features.of(texts[part], vectors[part]), SIZE, truth)
    chosen = owners[fit.places]
    temperature, scope = _temperature(fit.unseen, chosen), _scope(fit.unseen, chosen)
    return FittedHead(labels, features, fit.weights, fit.bias, temperature, scope)


def _temperature(scores: Floats, owners: NDArray[np.int64]) -> float:
    places = np.arange(len(owners))
    losses = [-np.log(softmax(scores, float(heat))[places, owners] + 1e-9).mean() for heat in _FIT_TEMPERATURES]
    return float(_FIT_TEMPERATURES[int(np.argmin(losses))])


def _scope(scores: Floats, owners: NDArray[np.int64]) -> tuple[float, float]:
    """Return where the best score is too low for any label: below that of 97 in 100 samples, and how sharply."""
    best = scores[np.arange(len(owners)), owners]
    return float(np.quantile(best, 0.03)), float(max(best.std() / 4, 0.02))


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), dtype=np.float32)
