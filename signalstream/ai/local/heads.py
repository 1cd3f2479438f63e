"""Linear heads over what is known of a text: its words, its vector and signs that rules found. Numpy only.

A head is a multinomial logistic regression: the scores of its labels are sums of weights, turned into probabilities by
a temperature that was fitted on texts which the weights have not seen.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from signalstream.ai.local.head_files import Arrays, text_lines
from signalstream.core.text import folded
from signalstream.errors import ModelUnavailableError

Floats = NDArray[np.float32]
_HANDLE = re.compile(r"@\w+")
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_TERM = re.compile(r"[^\W_][\w']*|[!?]")
_MOST_TERMS = 600
_STAND_INS = frozenset({"xhandle", "xlink", "xnumber"})
_LEAST_GAIN = 0.2  # of a score: less moves no label
_TELLING_IDF = 4.5  # a word of fewer than one text in thirty


def terms(text: str) -> list[str]:
    """Return the words of a text and its pairs of neighbours; a handle, a link and a number are one word each."""
    plain = _LINK.sub(" xlink ", _HANDLE.sub(" xhandle ", folded(text[: 12 * _MOST_TERMS])))
    words = ["xnumber" if word[0].isdigit() else word for word in _TERM.findall(plain)[:_MOST_TERMS]]
    return words + [f"{one} {other}" for one, other in pairwise(words)]


def softmax(scores: Floats, temperature: float = 1.0) -> Floats:
    """Return probabilities along the last axis."""
    shifted = (scores - scores.max(axis=-1, keepdims=True)) / temperature
    powers = np.exp(shifted)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True)
class Head:
    """The weights, one column for each label. ``signs`` names the numbers that rules contribute, in order."""

    labels: tuple[str, ...]
    words: dict[str, int]
    idf: Floats
    word_weights: Floats
    vector_weights: Floats
    signs: tuple[str, ...]
    sign_means: Floats
    sign_scales: Floats
    sign_weights: Floats
    bias: Floats
    temperature: float

    def scores(self, text: str, vector: Floats, signs: Sequence[float]) -> Floats:
        """Return the score of each label. ``vector`` is the encoder's, ``signs`` are in the order of ``self.signs``."""
        scaled = np.clip((np.asarray(signs, dtype=np.float32) - self.sign_means) / self.sign_scales, -4, 4)
        total = self.bias + vector @ self.vector_weights + scaled @ self.sign_weights + self._by_words(text)
        return np.asarray(total, dtype=np.float32)

    def probabilities(self, text: str, vector: Floats, signs: Sequence[float]) -> Floats:
        """Return the calibrated probability of each label."""
        return softmax(self.scores(text, vector, signs), self.temperature)

    def known_share(self, text: str) -> float:
        """Return how many of the text's words were seen in training, 0 to 1; 0 for a text without words."""
        words = [word for word in terms(text) if " " not in word and word.isalpha()]
        return sum(word in self.words for word in words) / len(words) if words else 0.0

    def telling_words(self, text: str, label: int, most: int) -> list[str]:
        """Return the words that speak most for a label against the mean of all, strongest first.

        Words that stand in many texts ("and", "the") count in the scores but tell a reader nothing.
        """
        found = {term for term in terms(text) if term.isalpha() and term not in _STAND_INS and term in self.words}
        gain = {term: self._gain(term, label) for term in found if self.idf[self.words[term]] >= _TELLING_IDF}
        return sorted((one for one in gain if gain[one] >= _LEAST_GAIN), key=lambda one: (-gain[one], one))[:most]

    def _gain(self, term: str, label: int) -> float:
        row = self.words[term]
        return float((self.word_weights[row, label] - self.word_weights[row].mean()) * self.idf[row])

    def _by_words(self, text: str) -> Floats:
        counts = Counter(term for term in terms(text) if term in self.words)
        if not counts:
            return np.zeros(len(self.labels), dtype=np.float32)
        rows = np.fromiter((self.words[term] for term in counts), dtype=np.int64)
        sizes = np.fromiter((1 + math.log(count) for count in counts.values()), dtype=np.float32) * self.idf[rows]
        return np.asarray((sizes / np.linalg.norm(sizes)) @ self.word_weights[rows], dtype=np.float32)


def head_of(arrays: Arrays) -> Head:
    """Return the head that the arrays hold. Raises ModelUnavailableError when one is missing."""
    try:
        floats = {name: arrays[name].astype(np.float32) for name in _FLOATS}
        return Head(
            labels=tuple(text_lines(arrays["labels"])),
            words={word: row for row, word in enumerate(text_lines(arrays["words"]))},
            signs=tuple(text_lines(arrays["signs"])),
            temperature=float(arrays["temperature"]),
            **floats,
        )
    except KeyError as error:
        raise ModelUnavailableError(f"a head has no array {error}; reinstall signalstream") from error


_FLOATS = ("idf", "word_weights", "vector_weights", "sign_means", "sign_scales", "sign_weights", "bias")
