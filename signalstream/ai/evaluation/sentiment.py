"""Figures of a sentiment analyst: how well its labels agree with those that people gave.

Labelled format: JSON Lines, ``{"text": "...", "sentiment": "positive" | "neutral" | "negative"}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from signalstream.ai.evaluation.classes import accuracy, f1, recall
from signalstream.models.intelligence import SentimentLabel

LABELS = tuple(label.value for label in SentimentLabel)


def read(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Return pairs of text and label. Raises ValueError that names the line which is not of the format."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            text, label = record["text"], record["sentiment"]
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f'line {number}: expected {{"text", "sentiment"}}: {error!r}') from error
        if label not in LABELS or not isinstance(text, str):
            raise ValueError(f"line {number}: the sentiment must be one of {', '.join(LABELS)}, got {label!r}")
        yield text, label


def measure(truth: Sequence[str], predicted: Sequence[str]) -> dict[str, float]:
    """Return ``macro_f1``, ``macro_recall``, ``accuracy`` and the recall of each label.

    A label that no text has counts for nothing.
    """
    present = [label for label in LABELS if label in truth]
    recalls = {label: recall(truth, predicted, label) for label in present}
    return {
        "macro_f1": sum(f1(truth, predicted, label) for label in present) / len(present),
        "macro_recall": sum(recalls.values()) / len(present),
        "accuracy": accuracy(truth, predicted),
        **{f"recall_{label}": value for label, value in recalls.items()},
    }
