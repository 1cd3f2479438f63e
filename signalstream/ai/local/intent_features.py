"""A text as numbers for a head that is fitted to a tenant's sample sentences: its vector bent, and its words hashed.

The vector goes through random waves, whose products approximate a Gaussian kernel (Rahimi and Recht 2007), so that a
linear head can bend around a label. The waves stand at right angles to one another in groups (Yu and others 2016), and
each gives its cosine and its sine: both bring the products of texts that are alike close to the kernel's. Words, pairs
of words and runs of three to five characters are hashed into a fixed number of places, so that names and terms of the
trade count although the encoder has never seen them.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from signalstream.ai.local.heads import Floats, terms
from signalstream.ai.local.minilm import DIMENSIONS

WAVES = 2048
PLACES = 2048
SIZE = 2 * WAVES + PLACES
_BLOCK = 512
_SEED = 20260101
_SPREAD = 1.0
_WORD_SCALE = 0.6
_MOST_CHARACTERS = 600


@dataclass(frozen=True)
class IntentFeatures:
    """Turns texts into rows of SIZE numbers. ``idf`` weighs the places of the words; ``waves`` bend the vector."""

    waves: Floats
    idf: Floats

    def of(self, texts: Sequence[str], vectors: Floats) -> Floats:
        """Return an array with a row for each text."""
        angles = vectors @ self.waves
        bent = np.hstack([np.cos(angles), np.sin(angles)]) / np.float32(np.sqrt(WAVES))
        words = _counts(texts) * self.idf
        lengths = np.maximum(np.linalg.norm(words, axis=1, keepdims=True), 1e-6)
        return np.hstack([bent, words / lengths * np.float32(_WORD_SCALE)])


def features_for(texts: Sequence[str]) -> IntentFeatures:
    """Return features whose words are weighed by how rare they are in ``texts``; the same for the same texts."""
    found = np.zeros(PLACES, dtype=np.int64)
    for start in range(0, len(texts), _BLOCK):
        found += (_counts(texts[start : start + _BLOCK]) != 0).sum(axis=0)
    idf = np.log((1 + len(texts)) / (1 + found)) + 1
    return IntentFeatures(_waves(), idf.astype(np.float32))


def _waves() -> Floats:
    """Return WAVES columns of normally distributed numbers, at right angles in groups of DIMENSIONS."""
    chance = np.random.default_rng(_SEED)
    groups = []
    for _ in range(-(-WAVES // DIMENSIONS)):
        directions, _ = np.linalg.qr(chance.standard_normal((DIMENSIONS, DIMENSIONS)))
        groups.append(directions * np.sqrt(chance.chisquare(DIMENSIONS, DIMENSIONS)))
    return np.asarray(np.hstack(groups)[:, :WAVES] * np.sqrt(2 * _SPREAD), dtype=np.float32)


def _counts(texts: Sequence[str]) -> Floats:
    rows = np.zeros((len(texts), PLACES), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        for piece in _pieces(text[:_MOST_CHARACTERS]):
            place = zlib.crc32(piece.encode("utf-8", "surrogatepass"))
            row[place % PLACES] += 1 if place & 0x40000000 else -1  # a sign, so that what collides cancels out
    return rows


def _pieces(text: str) -> set[str]:
    padded = f" {text.lower()} "
    runs = (padded[at : at + size] for size in (3, 4, 5) for at in range(len(padded) - size + 1))
    return {*terms(text), *(f"c{run}" for run in runs)}
