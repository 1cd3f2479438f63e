"""The customer's sentiment, by VADER and published cues, with the evidence named.

Score. VADER's compound value of each sentence is turned back into the sum of valences that it stands for
(c = x / sqrt(x^2 + 15), Hutto and Gilbert 2014, so x = c * sqrt(15 / (1 - c^2))). Cues add valences on the same scale;
thanks count only where nothing is complained about. The total is normalised by the same formula. Label: VADER's
published thresholds, +-0.05.

Confidence is a margin, not a calibrated probability. Positive or negative: (|score| - 0.05) / 0.95, times the agreement
|sum of valences| / sum of |valences| (1 when all evidence points one way). Neutral: (1 - |score| / 0.05) * n / (n + 5)
for a message of n words: few words say little, and a script without letters says nothing.

Emotion, the first that holds: angry (negative, and a cue of anger or shouting: three words or more in capitals, half of
those with three letters); urgent (time pressure, not positive); frustrated (negative); confused (a cue of confusion,
not positive); happy (positive with a cue of delight, or a score of 0.6 and more); satisfied (positive); neutral.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from signalstream.ai.local import sentiment_cues as cues
from signalstream.ai.local.voices import Voices
from signalstream.core.redaction import PLACEHOLDER
from signalstream.core.text import Cue, folded, matched, sentences, shortened
from signalstream.models.intelligence import Emotion, Sentiment, SentimentLabel
from signalstream.models.messages import Sender

THRESHOLD = 0.05
ALPHA = 15.0
_PIECE_CHARACTERS = 160  # VADER's time grows with the square of the words; pieces keep it linear in the text.
_MOST_PIECES = 80
_REPEATED = re.compile(r"(.)\1{3,}", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Evidence:
    """What speaks for a sentiment: valences on VADER's scale, and the names to show."""

    valences: tuple[float, ...]
    cues: frozenset[str]
    words: tuple[str, ...]
    shouting: bool
    words_read: int

    @property
    def score(self) -> float:
        """-1 to 1: the normalised sum of valences."""
        total = sum(self.valences)
        return total / math.sqrt(total * total + ALPHA)

    @property
    def agreement(self) -> float:
        """0 to 1: how far the valences point one way."""
        size = sum(abs(valence) for valence in self.valences)
        return abs(sum(self.valences)) / size if size else 0.0


class SentimentJudge:
    """Judges the customer's newest message. Building it reads VADER's lexicon once (milliseconds)."""

    def __init__(self) -> None:
        self._vader = SentimentIntensityAnalyzer()
        for word in cues.UNCOUNTED.split("|"):
            self._vader.lexicon.pop(word, None)

    def judge(self, voices: Voices) -> Sentiment:
        """Return the sentiment; neutral with confidence 0 while the customer has not written."""
        texts = voices.of(Sender.CUSTOMER)
        if not texts:
            return Sentiment(
                sentiment=SentimentLabel.NEUTRAL,
                confidence=0.0,
                emotion=Emotion.NEUTRAL,
                reasoning="The customer has not written anything yet.",
                score=0.0,
            )
        evidence = self._evidence(PLACEHOLDER.sub(" ", texts[0]))
        label = _label(evidence.score)
        return Sentiment(
            sentiment=label,
            confidence=round(_confidence(label, evidence), 4),
            emotion=_emotion(label, evidence),
            reasoning=_reasoning(label, evidence, own=voices.own is Sender.CUSTOMER),
            score=round(evidence.score, 4),
        )

    def _evidence(self, text: str) -> Evidence:
        plain = folded(text)
        hits = matched((*cues.EXTRA_VALENCES, *cues.CONFUSION, *cues.URGENCY), plain)
        complaint = any(hit.weight < 0 for hit in hits)
        thanks = () if complaint else matched(cues.THANKS, plain)
        valences = [self._vader_sum(piece) for piece in _pieces(text)]
        valences += [hit.weight for hit in (*hits, *thanks)]
        words = _WORD.findall(text)
        return Evidence(
            valences=tuple(valence for valence in valences if valence),
            cues=frozenset(hit.name for hit in (*hits, *thanks)),
            words=self._known(words),
            shouting=_is_shouting(words),
            words_read=len(words),
        )

    def _vader_sum(self, piece: str) -> float:
        compound = min(max(float(self._vader.polarity_scores(piece)["compound"]), -0.9999), 0.9999)
        return compound * math.sqrt(ALPHA / (1 - compound * compound))

    def _known(self, words: list[str]) -> tuple[str, ...]:
        known = {word.casefold() for word in words[:2_000]} & self._vader.lexicon.keys()
        return tuple(sorted(known, key=lambda word: (-abs(self._vader.lexicon[word]), word))[:5])


def _pieces(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for sentence in sentences(_REPEATED.sub(r"\1\1\1", text), _MOST_PIECES):
        found += (sentence[at : at + _PIECE_CHARACTERS] for at in range(0, len(sentence), _PIECE_CHARACTERS))
        if len(found) >= _MOST_PIECES:
            break
    return tuple(found[:_MOST_PIECES])


def _is_shouting(words: list[str]) -> bool:
    long = [word for word in words if len(word) > 2]
    capitals = sum(word.isupper() for word in long)
    return capitals >= 3 and capitals * 2 >= len(long)


def _label(score: float) -> SentimentLabel:
    if score >= THRESHOLD:
        return SentimentLabel.POSITIVE
    return SentimentLabel.NEGATIVE if score <= -THRESHOLD else SentimentLabel.NEUTRAL


def _confidence(label: SentimentLabel, evidence: Evidence) -> float:
    size = abs(evidence.score)
    if label is SentimentLabel.NEUTRAL:
        return (1 - size / THRESHOLD) * evidence.words_read / (evidence.words_read + 5)
    return (size - THRESHOLD) / (1 - THRESHOLD) * evidence.agreement


def _has(evidence: Evidence, group: tuple[Cue, ...]) -> bool:
    return any(one.name in evidence.cues for one in group)


def _emotion(label: SentimentLabel, evidence: Evidence) -> Emotion:
    negative, positive = label is SentimentLabel.NEGATIVE, label is SentimentLabel.POSITIVE
    rules = (
        (Emotion.ANGRY, negative and (evidence.shouting or _has(evidence, cues.ANGER))),
        (Emotion.URGENT, not positive and _has(evidence, cues.URGENCY)),
        (Emotion.FRUSTRATED, negative),
        (Emotion.CONFUSED, not positive and _has(evidence, cues.CONFUSION)),
        (Emotion.HAPPY, positive and (_has(evidence, cues.DELIGHT) or evidence.score >= 0.6)),
        (Emotion.SATISFIED, positive),
    )
    return next((emotion for emotion, holds in rules if holds), Emotion.NEUTRAL)


def _reasoning(label: SentimentLabel, evidence: Evidence, *, own: bool) -> str:
    named = [f"cues: {', '.join(sorted(evidence.cues))}"] if evidence.cues else []
    named += [f"words: {', '.join(evidence.words)}"] if evidence.words else []
    named += ["shouting"] if evidence.shouting else []
    said = "; ".join(named) or "no evidence words found"
    of = "" if own else " (of the customer's newest message)"
    return shortened(f"{label.value.capitalize()}{of}, score {evidence.score:+.2f}; {said}.", 500)
