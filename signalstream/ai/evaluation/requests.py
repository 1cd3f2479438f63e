"""How well sentences that ask for something or promise it are told from others.

Labelled format: JSON Lines, ``{"text": "...", "request": true | false}``; true for a request or a commitment.
"""

from __future__ import annotations

from collections.abc import Sequence

from signalstream.ai.evaluation.classes import f1, precision, recall
from signalstream.models.base import Model
from signalstream.models.messages import MessageText

YES, NO = "yes", "no"


class LabelledSentence(Model):
    """A sentence, and whether it asks for something or promises it."""

    text: MessageText
    request: bool


def measure(truth: Sequence[bool], predicted: Sequence[bool]) -> dict[str, float]:
    """Return ``f1``, ``precision`` and ``recall`` of the sentences that ask or promise."""
    wanted, given = ([YES if one else NO for one in each] for each in (truth, predicted))
    return {
        "f1": f1(wanted, given, YES),
        "precision": precision(wanted, given, YES),
        "recall": recall(wanted, given, YES),
    }
