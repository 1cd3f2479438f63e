"""Figures of an intent analyst: how often it is right, and how well its confidence tells what it has no label for.

Labelled format: JSON Lines, ``{"text": "...", "intent": "..."}``; ``null`` for a text that no label fits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from signalstream.ai.evaluation.classes import accuracy, auroc


def read(lines: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """Return pairs of text and intent. Raises ValueError that names the line which is not of the format."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            text, intent = record["text"], record["intent"]
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f'line {number}: expected {{"text", "intent"}}: {error!r}') from error
        if not isinstance(text, str) or not (intent is None or isinstance(intent, str)):
            raise ValueError(f"line {number}: text must be a string, intent a string or null")
        yield text, intent


def measure(truth: Sequence[str | None], predicted: Sequence[str], confidence: Sequence[float]) -> dict[str, float]:
    """Return ``accuracy`` over the texts that have an intent, and ``oos_auroc`` where others are among them."""
    rows = list(zip(truth, predicted, confidence, strict=True))
    labelled = [(true, given) for true, given, _ in rows if true is not None]
    figures = {"accuracy": accuracy([true for true, _ in labelled], [given for _, given in labelled])}
    outside = [sure for true, _, sure in rows if true is None]
    if outside:
        figures["oos_auroc"] = auroc([sure for true, _, sure in rows if true is not None], outside)
    return figures
