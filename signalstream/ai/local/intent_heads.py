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
from signalstream.ai.local.intent_features import IntentFeatures, features_for
from signalstream.ai.local.minilm import unit
from signalstream.ai.local.taxonomy import Taxonomy

LEAST_TO_FIT = 10
"""Samples that every label must have for a head to be fitted."""
RIDGE = 0.3
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
        return np.asarray(softmax(scores, self.temperature) * in_scope, dtype=np.float32)


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
    rows = features.of(texts, vectors)
    truth = np.where(np.arange(len(labels)) == owners[:, None], 1, -1).astype(np.float32)
    means, middle = rows.mean(axis=0), truth.mean(axis=0)
    weights, leverage = _ridge(rows - means, truth - middle)
    bias = middle - means @ weights
    # What the head would say of each sample had it not seen it (leave-one-out, in closed form).
    unseen = truth - (truth - rows @ weights - bias) / np.maximum(1 - leverage[:, None], 1e-3)
    return FittedHead(labels, features, weights, bias, _temperature(unseen, owners), _scope(unseen, owners))


def _ridge(rows: Floats, truth: Floats) -> tuple[Floats, Floats]:
    """Return the weights and each row's leverage, by whichever of rows and columns are fewer."""
    count, size = rows.shape
    if count <= size:
        inverse = np.linalg.inv(rows @ rows.T + RIDGE * np.eye(count, dtype=np.float32))
        dual = inverse @ truth
        return np.asarray(rows.T @ dual, dtype=np.float32), np.asarray(1 - RIDGE * np.diag(inverse), dtype=np.float32)
    inverse = np.linalg.inv(rows.T @ rows + RIDGE * np.eye(size, dtype=np.float32))
    leverage = ((rows @ inverse) * rows).sum(axis=1)
    return np.asarray(inverse @ (rows.T @ truth), dtype=np.float32), np.asarray(leverage, dtype=np.float32)


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
