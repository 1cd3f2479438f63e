"""From a model's entry to the domain's result: clamped, shortened, redacted again, and completed by local rules.

What a model is not asked for, local functions find in the same redacted texts: the sentiment over the conversation, the
floor of the urgency, standing, requests and promises, categories, the sentences that a summary rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from signalstream.ai.local.pii_finder import pii_of
from signalstream.ai.local.sentiment import MESSAGES_READ, NOTHING_WRITTEN
from signalstream.ai.remote import wire
from signalstream.ai.remote.cleaning import line, share
from signalstream.ai.remote.outgoing import OutgoingTurn
from signalstream.ai.remote.quoting import located
from signalstream.ai.remote.shaping_insights import insights
from signalstream.ai.remote.shaping_summary import summary
from signalstream.core.mood import mood
from signalstream.core.redaction import Span, joined
from signalstream.errors import AnalystBadOutputError
from signalstream.models.base import Model
from signalstream.models.intelligence import Pii, Sentiment, SentimentLabel
from signalstream.models.messages import Sender

LONG_MESSAGE = 200
"""Code points from which on a message is not taken to be personal data for more than a half."""
EVIDENCE_CHARACTERS = 300
MOST_ENTITIES = 20


def sentiment(entry: wire.SentimentEntry, turn: OutgoingTurn) -> Sentiment:
    """Return the sentiment; scores of the customer's earlier messages are the local rules'."""
    texts = turn.voices.of(Sender.CUSTOMER)[:MESSAGES_READ]
    if not texts:
        return NOTHING_WRITTEN
    score = _agreeing(min(max(entry.score, -100), 100) / 100, entry.sentiment)
    of = "" if turn.voices.own is Sender.CUSTOMER else " (of the customer's newest message)"
    evidence = line(entry.evidence, EVIDENCE_CHARACTERS, turn) or "no evidence named"
    return Sentiment(
        sentiment=entry.sentiment,
        confidence=share(entry.confidence),
        emotion=entry.emotion,
        reasoning=f"{entry.sentiment.value.capitalize()}{of}, score {score:+.2f}; {evidence}",
        score=score,
        conversation=mood([score, *(turn.score(text) for text in texts[1:])]),
    )


def pii(entry: wire.PiiEntry, turn: OutgoingTurn) -> Pii:
    """Return what was found locally together with what the model quotes from the message and the tenant admits."""
    text = turn.turn.message.text
    quoted = [span for item in entry.entities[:MOST_ENTITIES] for span in located(text, item)]
    likely = [span for span in quoted if turn.policy.admits(span, text[span.start : span.end])]
    spans = joined(text, turn.spans, likely)
    if len(text) > LONG_MESSAGE and _covered(spans) - _covered(turn.spans) > len(text) / 2:
        raise AnalystBadOutputError("it calls more than half of a long message personal data")
    return pii_of(turn.turn, spans, turn.known, turn.tag_of)


_SHAPES: Mapping[type[wire.Entry], Callable[[Any, OutgoingTurn], Model]] = MappingProxyType(
    {
        wire.SentimentEntry: sentiment,
        wire.PiiEntry: pii,
        wire.InsightsEntry: insights,
        wire.SummaryEntry: summary,
    }
)


def shaped(entry: wire.Entry, turn: OutgoingTurn) -> Model:
    """Return the result that an entry stands for. Raises AnalystBadOutputError for one that cannot be used."""
    return _SHAPES[type(entry)](entry, turn)


def _agreeing(score: float, label: SentimentLabel) -> float:
    """Return the score, brought to its label's side when it contradicts it."""
    if label is SentimentLabel.POSITIVE:
        return max(score, 0.0)
    return min(score, 0.0) if label is SentimentLabel.NEGATIVE else score


def _covered(spans: Iterable[Span]) -> int:
    return sum(span.end - span.start for span in spans)
