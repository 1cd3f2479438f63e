"""A text as numbers for a head that is fitted to a tenant's sample sentences: its vector bent, and its words hashed.

The vector goes through random cosines, whose products approximate a Gaussian kernel (Rahimi and Recht 2007), so that a
linear head can bend around a label. Words, pairs of words and runs of three to five characters are hashed into a fixed
number of places, so that names and terms of the trade count although the encoder has never seen them.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from signalstream.ai.local.heads import Floats, terms
from signalstream.ai.local.minilm import DIMENSIONS

COSINES = 2048
PLACES = 2048
_SEED = 20260101
_SPREAD = 1.0
_WORD_SCALE = 0.7
_MOST_CHARACTERS = 600


@dataclass(frozen=True)
class IntentFeatures:
    """Turns texts into rows of COSINES + PLACES numbers. ``idf`` weighs the places; ``waves`` and ``phases`` bend."""

    waves: Floats
    phases: Floats
    idf: Floats

    def of(self, texts: Sequence[str], vectors: Floats) -> Floats:
        """Return an array with a row for each text."""
        bent = np.cos(vectors @ self.waves + self.phases) * np.float32(np.sqrt(2 / COSINES))
        words = _counts(texts) * self.idf
        lengths = np.maximum(np.linalg.norm(words, axis=1, keepdims=True), 1e-6)
        return np.hstack([bent, words / lengths * np.float32(_WORD_SCALE)])


def features_for(texts: Sequence[str]) -> IntentFeatures:
    """Return features whose words are weighed by how rare they are in ``texts``; the same for the same texts."""
    chance = np.random.default_rng(_SEED)
    waves = chance.standard_normal((DIMENSIONS, COSINES), dtype=np.float32) * np.float32(np.sqrt(2 * _SPREAD))
    phases = (chance.random(COSINES, dtype=np.float32) * np.float32(2 * np.pi)).astype(np.float32)
    found = (_counts(texts) != 0).sum(axis=0)
    idf = np.log((1 + len(texts)) / (1 + found)) + 1
    return IntentFeatures(waves, phases, idf.astype(np.float32))


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
