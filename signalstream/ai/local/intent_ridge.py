"""Ridge regression from features to labels, in closed form, with what it would say of samples that it had not seen.

Solved by whichever of rows and columns are fewer. Many rows are read in blocks, so that they are never in memory
together: what is held then is one square matrix of the columns, which is factored in place. numpy would copy it twice,
in double precision, for a digit that no label needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signalstream.ai.local.heads import Floats

RIDGE = 0.3
BLOCK = 512
MOST_UNSEEN = 1_500
"""Rows that are scored as unseen when there are many."""
_LEAST_LEFT = 1e-3

Rows = Callable[[slice], Floats]


@dataclass(frozen=True)
class Ridge:
    """Scores are ``rows @ weights + bias``. ``unseen`` are those of the rows at ``places`` by leaving each out."""

    weights: Floats
    bias: Floats
    places: NDArray[np.int64]
    unseen: Floats


def ridge(rows: Rows, size: int, truth: Floats) -> Ridge:
    """Fit ``truth``, an array of shape (rows, labels). ``rows`` gives a slice of the rows, each ``size`` long."""
    return _by_rows(rows(slice(None)), truth) if len(truth) <= size else _by_columns(rows, size, truth)


def _by_rows(rows: Floats, truth: Floats) -> Ridge:
    count, middle, means = len(truth), truth.mean(axis=0), rows.mean(axis=0)
    rows = rows - means
    inverse = np.linalg.inv(rows @ rows.T + RIDGE * np.eye(count, dtype=np.float32))
    weights = np.asarray(rows.T @ (inverse @ (truth - middle)), dtype=np.float32)
    leverage = np.asarray(1 / count + 1 - RIDGE * np.diag(inverse), dtype=np.float32)
    unseen = _left_out(truth, rows @ weights + middle, leverage)
    return Ridge(weights, middle - means @ weights, np.arange(count), unseen)


def _by_columns(rows: Rows, size: int, truth: Floats) -> Ridge:
    count, labels = truth.shape
    gram, cross = np.zeros((size, size), dtype=np.float32), np.zeros((size, labels), dtype=np.float32)
    total = np.zeros(size, dtype=np.float64)
    for start in range(0, count, BLOCK):
        block = rows(slice(start, start + BLOCK))
        for at in range(0, size, BLOCK):  # the lower half is enough
            gram[at:, at : at + BLOCK] += block[:, at:].T @ block[:, at : at + BLOCK]
        cross += block.T @ truth[start : start + BLOCK]
        total += block.sum(axis=0, dtype=np.float64)
    means, middle = (total / count).astype(np.float32), truth.mean(axis=0)
    for at in range(size):  # row by row: an outer product would be a third square matrix
        gram[at] -= count * means[at] * means
    gram.flat[:: size + 1] += RIDGE
    places = np.unique(np.linspace(0, count - 1, MOST_UNSEEN).astype(np.int64))
    some = np.concatenate([rows(slice(int(at), int(at) + 1)) for at in places]) - means
    solved = _solved(_factored(gram), np.hstack([cross - count * np.outer(means, middle), some.T]))
    weights = np.asarray(solved[:, :labels], dtype=np.float32)
    leverage = 1 / np.float32(count) + (some * solved[:, labels:].T).sum(axis=1)
    unseen = _left_out(truth[places], some @ weights + middle, leverage)
    return Ridge(weights, middle - means @ weights, places, unseen)


def _factored(gram: Floats) -> Floats:
    """Put the Cholesky factor into the lower half of ``gram``, of which only that half is read."""
    size = len(gram)
    for start in range(0, size, BLOCK):
        end = min(start + BLOCK, size)
        corner = np.linalg.cholesky(gram[start:end, start:end])
        gram[start:end, start:end] = corner
        gram[end:, start:end] = gram[end:, start:end] @ _inverse(corner).T
        for at in range(end, size, BLOCK):
            gram[at:, at : at + BLOCK] -= gram[at:, start:end] @ gram[at : at + BLOCK, start:end].T
    return gram


def _solved(factor: Floats, right: Floats) -> Floats:
    size = len(factor)
    starts = range(0, size, BLOCK)
    for start in starts:
        part = slice(start, min(start + BLOCK, size))
        right[part] = _inverse(factor[part, part]) @ (right[part] - factor[part, :start] @ right[:start])
    for start in reversed(starts):
        end = min(start + BLOCK, size)
        part = slice(start, end)
        right[part] = _inverse(factor[part, part]).T @ (right[part] - factor[end:, part].T @ right[end:])
    return right


def _inverse(corner: Floats) -> Floats:
    return np.asarray(np.linalg.inv(np.tril(corner)), dtype=np.float32)


def _left_out(truth: Floats, scores: Floats, leverage: Floats) -> Floats:
    left = np.maximum(1 - leverage[:, None], _LEAST_LEFT)
    return np.asarray(truth - (truth - scores) / left, dtype=np.float32)
