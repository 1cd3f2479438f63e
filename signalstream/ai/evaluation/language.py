"""How often the language is told rightly.

Labelled format: JSON Lines, ``{"text": "...", "language": "en"}``, ISO 639-1 codes.
"""

from __future__ import annotations

from collections.abc import Sequence

from signalstream.ai.evaluation.classes import accuracy, recall
from signalstream.ai.tasks.language import UNDETERMINED
from signalstream.models.base import Model
from signalstream.models.messages import MessageText


class LabelledLanguage(Model):
    """A text and the code of its language."""

    text: MessageText
    language: str


def measure(truth: Sequence[str], predicted: Sequence[str]) -> dict[str, float]:
    """Return ``accuracy``, the share ``undetermined`` (counted as wrong), and the lowest recall of a language."""
    return {
        "accuracy": accuracy(truth, predicted),
        "undetermined": list(predicted).count(UNDETERMINED) / len(predicted),
        "lowest_recall": min(recall(truth, predicted, language) for language in set(truth)),
    }
