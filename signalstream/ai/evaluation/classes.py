"""Figures of any classification: accuracy, precision, recall, F1, and how well a score tells two groups apart."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence


def accuracy(truth: Sequence[str], predicted: Sequence[str]) -> float:
    """Return the share of right answers, 0 to 1. Raises ValueError when there are none to count."""
    if not truth:
        raise ValueError("nothing was labelled, so nothing can be measured")
    return sum(one == other for one, other in zip(truth, predicted, strict=True)) / len(truth)


def recall(truth: Sequence[str], predicted: Sequence[str], label: str) -> float:
    """Return which share of the texts that have the label were given it; 0 when none has it."""
    found = [other for one, other in zip(truth, predicted, strict=True) if one == label]
    return found.count(label) / len(found) if found else 0.0


def precision(truth: Sequence[str], predicted: Sequence[str], label: str) -> float:
    """Return which share of the texts that were given the label have it; 0 when none was given it."""
    return recall(predicted, truth, label)


def f1(truth: Sequence[str], predicted: Sequence[str], label: str) -> float:
    """Return the harmonic mean of precision and recall."""
    hits = sum(one == other == label for one, other in zip(truth, predicted, strict=True))
    total = list(truth).count(label) + list(predicted).count(label)
    return 2 * hits / total if total else 0.0


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """Return how often a score from ``inside`` is above one from ``outside``, ties counted half.

    Raises ValueError when either is empty.
    """
    if not inside or not outside:
        raise ValueError("both groups need a score")
    ranked = sorted(outside)
    wins = sum(bisect_left(ranked, one) + bisect_right(ranked, one) for one in inside)
    return wins / (2 * len(inside) * len(outside))
