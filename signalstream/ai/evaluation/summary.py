"""How near summaries come to those that people wrote: ROUGE-1 without stemming.

A labelled conversation is a line of JSON, ``{"messages": [{"sender": "customer", "message": "..."}, ...],
"summaries": ["...", ...]}``, one or more summaries by people that call the speakers Customer and Agent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pydantic import Field

from signalstream.models.base import Model
from signalstream.models.messages import MessageText, Sender

MOST_WORDS = 60
_TOKEN = re.compile(r"[a-z0-9]+")


class SaidMessage(Model):
    """One message of a labelled conversation."""

    sender: Sender
    message: MessageText


class LabelledConversation(Model):
    """A conversation with what people wrote to sum it up."""

    messages: tuple[SaidMessage, ...] = Field(min_length=1)
    summaries: tuple[str, ...] = Field(min_length=1)


def rouge1(summary: str, reference: str) -> float:
    """Return the F-measure of the words (letters and digits, lower case) that both have, 0 to 1."""
    ours, theirs = (Counter(_TOKEN.findall(text.lower())) for text in (summary, reference))
    shared = sum((ours & theirs).values())
    return 2 * shared / (sum(ours.values()) + sum(theirs.values())) if shared else 0.0


def measure(references: Sequence[Sequence[str]], summaries: Sequence[str]) -> dict[str, float]:
    """Return ``rouge1``, averaged over references and conversations, and ``words``, the mean length.

    Raises ValueError without any summary. What is beyond MOST_WORDS words of a summary does not count.
    """
    if not summaries:
        raise ValueError("nothing was summarised, so nothing can be measured")
    cut = [" ".join(summary.split()[:MOST_WORDS]) for summary in summaries]
    scores = [
        sum(rouge1(one, each) for each in wanted) / len(wanted) for one, wanted in zip(cut, references, strict=True)
    ]
    return {"rouge1": sum(scores) / len(scores), "words": sum(len(one.split()) for one in cut) / len(cut)}
