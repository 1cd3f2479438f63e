"""The customer's sentiment: by the trained head where it can judge, else by rules; with the evidence named.

The head (words, vector and signs, see ``heads``) gives calibrated probabilities; its score is positive minus negative.
It was trained on English, so a message most of whose words it has never seen is left to the rules. Those take the sum
of valences of ``sentiment_evidence`` as the score, and VADER's published thresholds, +-0.05, for the label. Their
confidence is a margin, not a calibrated probability. Positive or negative: (|score| - 0.05) / 0.95, times the agreement
|sum of valences| / sum of |valences| (1 when all evidence points one way). Neutral: (1 - |score| / 0.05) * n / (n + 5)
for a message of n words: few words say little, and a script without letters says nothing.

Emotion, the first that holds: angry (negative, and a cue of anger or shouting: three words or more in capitals, half of
those with three letters); urgent (time pressure, not positive); frustrated (negative); confused (a cue of confusion,
not positive); happy (positive with a cue of delight, or a score of 0.6 and more); satisfied (positive); neutral.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from signalstream.ai.local import sentiment_cues as cues
from signalstream.ai.local.aside import aside
from signalstream.ai.local.encoder import Embedder
from signalstream.ai.local.heads import Floats, Head
from signalstream.ai.local.kept import Kept
from signalstream.ai.local.sentiment_evidence import Evidence, EvidenceFinder
from signalstream.ai.local.sentiment_signs import sentiment_signs
from signalstream.ai.local.voices import Voices
from signalstream.core.mood import mood
from signalstream.core.redaction import PLACEHOLDER
from signalstream.core.text import Cue, shortened
from signalstream.models.intelligence import Emotion, Sentiment, SentimentLabel
from signalstream.models.messages import Sender

THRESHOLD = 0.05
LEAST_KNOWN = 0.6
"""Share of a message's words that the head must have seen in training to be asked."""
MESSAGES_READ = 8
KEPT_JUDGEMENTS = 2048
BY_RULES = "vader"
BY_HEAD = "tfidf+minilm+vader"
_DELIGHTED = 0.6


@dataclass(frozen=True)
class Judgement:
    """What one message was found to be. ``telling`` are the words that moved the head most."""

    label: SentimentLabel
    confidence: float
    score: float
    evidence: Evidence
    engine: str
    telling: tuple[str, ...] = ()


class SentimentJudge:
    """Judges the customer's messages. Building it reads VADER's lexicon once (milliseconds).

    ``encoder`` and ``head`` belong together; without them, rules judge.
    """

    def __init__(self, encoder: Embedder | None = None, head: Head | None = None) -> None:
        self._finder = EvidenceFinder()
        self._encoder = encoder
        self._head = head
        self._judged: Kept[Judgement] = Kept(KEPT_JUDGEMENTS)

    async def judge(self, voices: Voices) -> tuple[Sentiment, str]:
        """Return the sentiment of the newest message and over the conversation, and the engine that judged.

        It is neutral with confidence 0 while the customer has not written.
        """
        texts = voices.of(Sender.CUSTOMER)[:MESSAGES_READ]
        if not texts:
            return NOTHING_WRITTEN, BY_RULES
        judged = await asyncio.gather(*(self.message(text) for text in texts))
        newest = judged[0]
        result = Sentiment(
            sentiment=newest.label,
            confidence=round(newest.confidence, 4),
            emotion=_emotion(newest),
            reasoning=_reasoning(newest, own=voices.own is Sender.CUSTOMER),
            score=round(newest.score, 4),
            conversation=mood([one.score for one in judged]),
        )
        return result, newest.engine

    async def message(self, text: str) -> Judgement:
        """Judge one message, in which placeholders count for nothing."""
        plain = PLACEHOLDER.sub(" ", text)
        return await self._judged.of(plain, partial(self._message, plain))

    async def _message(self, plain: str) -> Judgement:
        evidence = await aside(len(plain), partial(self._finder.find, plain))
        if self._encoder is None or self._head is None or self._head.known_share(plain) < LEAST_KNOWN:
            return _by_rules(evidence)
        vector = (await self._encoder.embed([plain]))[0]
        return _by_head(
            self._head, plain, evidence, self._head.probabilities(plain, vector, sentiment_signs(plain, evidence))
        )


def _by_head(head: Head, text: str, evidence: Evidence, probabilities: Floats) -> Judgement:
    best = int(probabilities.argmax())
    shares = dict(zip(head.labels, (float(one) for one in probabilities), strict=True))
    return Judgement(
        label=SentimentLabel(head.labels[best]),
        confidence=shares[head.labels[best]],
        score=shares["positive"] - shares["negative"],
        evidence=evidence,
        engine=BY_HEAD,
        telling=tuple(head.telling_words(text, best, 3)),
    )


def _by_rules(evidence: Evidence) -> Judgement:
    label = _label(evidence.score)
    return Judgement(label, _confidence(label, evidence), evidence.score, evidence, BY_RULES)


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


def _emotion(judged: Judgement) -> Emotion:
    evidence = judged.evidence
    negative, positive = judged.label is SentimentLabel.NEGATIVE, judged.label is SentimentLabel.POSITIVE
    rules = (
        (Emotion.ANGRY, negative and (evidence.shouting or _has(evidence, cues.ANGER))),
        (Emotion.URGENT, not positive and _has(evidence, cues.URGENCY)),
        (Emotion.FRUSTRATED, negative),
        (Emotion.CONFUSED, not positive and _has(evidence, cues.CONFUSION)),
        (Emotion.HAPPY, positive and (_has(evidence, cues.DELIGHT) or evidence.score >= _DELIGHTED)),
        (Emotion.SATISFIED, positive),
    )
    return next((emotion for emotion, holds in rules if holds), Emotion.NEUTRAL)


def _reasoning(judged: Judgement, *, own: bool) -> str:
    evidence = judged.evidence
    words = dict.fromkeys((*evidence.words, *judged.telling))
    named = [f"cues: {', '.join(sorted(evidence.cues))}"] if evidence.cues else []
    named += [f"words: {', '.join(words)}"] if words else []
    named += ["shouting"] if evidence.shouting else []
    said = "; ".join(named) or ("the message as a whole" if judged.engine == BY_HEAD else "no evidence words found")
    of = "" if own else " (of the customer's newest message)"
    return shortened(f"{judged.label.value.capitalize()}{of}, score {judged.score:+.2f}; {said}.", 500)


NOTHING_WRITTEN = Sentiment(
    sentiment=SentimentLabel.NEUTRAL,
    confidence=0.0,
    emotion=Emotion.NEUTRAL,
    reasoning="The customer has not written anything yet.",
    score=0.0,
)
