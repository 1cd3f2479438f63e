"""A customer's sentiment over a conversation, from the scores of single messages.

Each message counts 0.7 times as much as the one after it. The trend compares the newest message with the oldest one:
a difference of a quarter of the scale's half is no trend yet.
"""

from __future__ import annotations

from collections.abc import Sequence

from signalstream.models.intelligence import ConversationSentiment, SentimentLabel, Trend

FADING = 0.7
LEAST_SCORE = 0.15
LEAST_CHANGE = 0.25


def mood(scores: Sequence[float]) -> ConversationSentiment | None:
    """Return the sentiment over the messages that have these scores (-1 to 1, newest first); None without any."""
    if not scores:
        return None
    weights = [FADING**age for age in range(len(scores))]
    score = sum(weight * one for weight, one in zip(weights, scores, strict=True)) / sum(weights)
    return ConversationSentiment(
        sentiment=_label(score),
        score=round(min(max(score, -1.0), 1.0), 4),
        begin=round(scores[-1], 4),
        end=round(scores[0], 4),
        trend=_trend(scores[0] - scores[-1]),
        messages=len(scores),
    )


def _label(score: float) -> SentimentLabel:
    if score >= LEAST_SCORE:
        return SentimentLabel.POSITIVE
    return SentimentLabel.NEGATIVE if score <= -LEAST_SCORE else SentimentLabel.NEUTRAL


def _trend(change: float) -> Trend:
    if change >= LEAST_CHANGE:
        return Trend.IMPROVING
    return Trend.WORSENING if change <= -LEAST_CHANGE else Trend.STEADY
