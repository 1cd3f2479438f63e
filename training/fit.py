"""Fits a linear head: words, vector and signs to labels, with a temperature from texts it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from signalstream.ai.local.head_files import text_array
from signalstream.ai.local.heads import Floats, softmax, terms

SEED = 20260101
FOLDS = 4


@dataclass(frozen=True)
class Recipe:
    """How a head is fitted. Scales say how much each kind of feature may move before it costs."""

    labels: tuple[str, ...]
    signs: tuple[str, ...]
    strength: float
    vector_scale: float = 4.0
    sign_scale: float = 0.3
    least_texts: int = 2
    balanced: bool = True


@dataclass(frozen=True)
class Examples:
    """What a head learns from: arrays with a row for each text. ``real`` marks texts that were labelled by people."""

    texts: list[str]
    vectors: Floats
    signs: Floats
    labels: list[str]
    weights: Floats
    real: NDArray[np.bool_]

    def rows(self, places: NDArray[Any]) -> Examples:
        """Return those at the places."""
        return Examples(
            [self.texts[at] for at in places],
            self.vectors[places],
            self.signs[places],
            [self.labels[at] for at in places],
            self.weights[places],
            self.real[places],
        )


@dataclass(frozen=True)
class Fitted:
    """A head's arrays (see ``signalstream.ai.local.heads``), and what heads like it said of texts they had not seen.

    ``scores`` and ``truth`` have a row for each real text.
    """

    arrays: dict[str, NDArray[Any]]
    scores: Floats
    truth: NDArray[np.int64]

    @property
    def probabilities(self) -> Floats:
        """The calibrated probabilities of the unseen texts."""
        return softmax(self.scores, float(self.arrays["temperature"]))


def fit(examples: Examples, recipe: Recipe) -> Fitted:
    """Return a head whose temperature was fitted by cross-validation."""
    scores, truth = held_out(examples, recipe)
    arrays = weights(examples, recipe)
    return Fitted({**arrays, "temperature": np.array(temperature(scores, truth))}, scores, truth)


def held_out(examples: Examples, recipe: Recipe) -> tuple[Floats, NDArray[np.int64]]:
    """Return the scores of every real text by a head that has not seen it, and the truth."""
    truth = np.array([recipe.labels.index(label) for label in examples.labels])
    scores = np.zeros((len(truth), len(recipe.labels)), dtype=np.float32)
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(truth, truth):
        scores[unseen] = scored(weights(examples.rows(seen), recipe), examples.rows(unseen))
    return scores[examples.real], truth[examples.real]


def scored(arrays: dict[str, NDArray[Any]], examples: Examples) -> Floats:
    """Return the scores that a head gives, in the way that the product computes them."""
    from signalstream.ai.local.heads import head_of  # noqa: PLC0415 - read again here, so that rounding is part of it

    head = head_of({"temperature": np.array(1.0), **arrays})
    rows = zip(examples.texts, examples.vectors, examples.signs, strict=True)
    return np.stack([head.scores(text, vector, signs) for text, vector, signs in rows])


def temperature(scores: Floats, truth: NDArray[np.int64]) -> float:
    """Return the temperature that makes the truth most likely."""

    def loss(log: float) -> float:
        chosen = softmax(scores, float(np.exp(log)))[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(chosen, 1e-9)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def calibration_error(probabilities: Floats, truth: NDArray[np.int64], bins: int = 15) -> float:
    """Return the expected calibration error: how far confidence and accuracy are apart, over bins of confidence."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    places = np.minimum((sure * bins).astype(int), bins - 1)
    groups = [places == one for one in range(bins)]
    return float(sum(abs(sure[one].mean() - right[one].mean()) * one.mean() for one in groups if one.any()))


def weights(examples: Examples, recipe: Recipe) -> dict[str, NDArray[Any]]:
    """Return the arrays of a head without a temperature."""
    vectorizer = TfidfVectorizer(analyzer=terms, min_df=recipe.least_texts, sublinear_tf=True, dtype=np.float32)
    words = vectorizer.fit_transform(examples.texts)
    means, scales = examples.signs.mean(axis=0), examples.signs.std(axis=0) + 1e-3
    signs = np.clip((examples.signs - means) / scales, -4, 4) * recipe.sign_scale
    vectors = examples.vectors * recipe.vector_scale
    features = sparse.hstack([words, sparse.csr_matrix(vectors), sparse.csr_matrix(signs)]).tocsr()
    model = LogisticRegression(C=recipe.strength, max_iter=200, random_state=SEED)
    truth = np.array([recipe.labels.index(label) for label in examples.labels])
    model.fit(features, truth, sample_weight=_sample_weights(examples, truth, recipe))
    by_label = _by_label(model)
    first, second = words.shape[1], words.shape[1] + vectors.shape[1]
    return {
        "labels": text_array(list(recipe.labels)),
        "words": text_array([str(word) for word in vectorizer.get_feature_names_out()]),
        "idf": vectorizer.idf_.astype(np.float16),
        "word_weights": by_label[:first].astype(np.float16),
        "vector_weights": (by_label[first:second] * recipe.vector_scale).astype(np.float16),
        "signs": text_array(list(recipe.signs)),
        "sign_means": means.astype(np.float32),
        "sign_scales": scales.astype(np.float32),
        "sign_weights": (by_label[second:] * recipe.sign_scale).astype(np.float32),
        "bias": _bias(model).astype(np.float32),
    }


def _sample_weights(examples: Examples, truth: NDArray[np.int64], recipe: Recipe) -> Floats:
    each = examples.weights.copy()
    total = each.sum()
    if recipe.balanced:
        for label in range(len(recipe.labels)):
            each[truth == label] *= total / len(recipe.labels) / each[truth == label].sum()
    return each


def _by_label(model: LogisticRegression) -> NDArray[Any]:
    """Return weights with a column for each label; two labels have but one row of coefficients."""
    rows = model.coef_ if len(model.classes_) > 2 else np.vstack([-model.coef_ / 2, model.coef_ / 2])
    return np.asarray(rows.T)


def _bias(model: LogisticRegression) -> NDArray[Any]:
    both = model.intercept_
    return np.asarray(both if len(model.classes_) > 2 else np.array([-both[0] / 2, both[0] / 2]))
