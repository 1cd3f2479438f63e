"""What the customer wants: by sample sentences of a taxonomy where the encoder runs, by cues where it does not.

The newest message that tells what it is about decides; one that says little ("thanks, please hurry") leaves standing
what an earlier one told, less sure with each message in between. What fits no label is a General Inquiry, with a
confidence of at most LEAST_CONFIDENCE: never a guess. For the eight default labels the cues of ``intent_rules`` have a
say too: their share of the evidence moves the probabilities by CUE_WEIGHT, and alone they judge what is written in
words that the models, who know English, have not seen. Labels that bring samples enough for a head of their own are
believed from LEAST_FITTED on where no message is surer: its probabilities are shared among many labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from signalstream.ai.local.encoder import Embedder
from signalstream.ai.local.heads import Floats, Head
from signalstream.ai.local.intent_cues import FADING, cue_shares, cue_weights
from signalstream.ai.local.intent_heads import FittedHead, IntentHead, head_for
from signalstream.ai.local.intent_rules import GENERAL
from signalstream.ai.local.minilm import Run
from signalstream.ai.local.taxonomy import ANY_TENANT, DEFAULT, Taxonomy
from signalstream.core.redaction import PLACEHOLDER
from signalstream.core.text import folded

LEAST_CONFIDENCE = 0.4
LEAST_FITTED = 0.02
LEAST_KNOWN = 0.6
"""Share of a message's words that the models must have seen for sample sentences to be asked."""
CUE_WEIGHT = 0.4
MESSAGES_READ = 6
BY_CUES = "cues"


@dataclass(frozen=True)
class IntentVerdict:
    """The intent, how sure (0 to 1), and what judged."""

    intent: str
    confidence: float
    engine: str


@dataclass(frozen=True)
class _Reading:
    """What one message makes of the labels. Above ``telling`` it tells which one it is about."""

    label: str
    share: float
    engine: str
    telling: float


class IntentJudge:
    """Judges by the tenant's own labels where it has some, else by those for every tenant, else by the default ones.

    ``heads`` are those of ``intent_heads_for``; without them and the encoder, cues judge by the default labels.
    ``words`` knows the words of English; without it every message counts as English.
    """

    def __init__(
        self,
        encoder: Embedder | None = None,
        heads: Mapping[str, IntentHead] | None = None,
        words: Head | None = None,
    ) -> None:
        self._encoder = encoder
        self._heads = dict(heads or {})
        self._words = words

    async def judge(self, texts: Sequence[str], tenant: str) -> IntentVerdict:
        """Return the intent of the customer's messages, newest first, without the personal data that patterns find."""
        plain = [PLACEHOLDER.sub(" ", text) for text in texts[:MESSAGES_READ]]
        head = self._heads.get(tenant) or self._heads.get(ANY_TENANT)
        if self._encoder is None or head is None:
            by_cues = _reading(cue_shares([cue_weights(folded(text)) for text in plain]), BY_CUES, 0.0)
            return _verdict([by_cues], least=0.0)
        if not plain:
            return IntentVerdict(GENERAL, 0.0, head.engine)
        rows = head.probabilities(plain, await self._encoder.embed(plain))
        if set(head.labels) != set(DEFAULT.labels):
            readings = [_reading(_by_label(head, row), head.engine, LEAST_CONFIDENCE) for row in rows]
            return _verdict(readings, LEAST_FITTED if isinstance(head, FittedHead) else LEAST_CONFIDENCE)
        return _verdict(self._by_default_labels(plain, head, rows), LEAST_CONFIDENCE)

    def _by_default_labels(self, plain: Sequence[str], head: IntentHead, rows: Floats) -> list[_Reading]:
        cues = [cue_weights(folded(text)) for text in plain]
        readings = []
        for age, (text, row) in enumerate(zip(plain, rows, strict=True)):
            shares = _by_label(head, row)
            if any(cues[age].values()):
                if self._words is not None and self._words.known_share(text) < LEAST_KNOWN:
                    readings.append(_reading(cue_shares(cues[age:]), BY_CUES, 0.0))
                    continue
                told = cue_shares(cues[age : age + 1])
                shares = {label: (1 - CUE_WEIGHT) * shares[label] + CUE_WEIGHT * told[label] for label in shares}
            readings.append(_reading(shares, head.engine, LEAST_CONFIDENCE))
        return readings


def intent_heads_for(run: Run, taxonomies: Mapping[str, Taxonomy]) -> dict[str, IntentHead]:
    """Return a head for every taxonomy, and the default one for tenants without; it embeds the samples (seconds)."""
    wanted = {ANY_TENANT: DEFAULT, **taxonomies}
    return {tenant: head_for(one, _embedded(run, [text for text, _ in one.rows()])) for tenant, one in wanted.items()}


def _by_label(head: IntentHead, row: Floats) -> dict[str, float]:
    return dict(zip(head.labels, (float(one) for one in row), strict=True))


def _reading(shares: Mapping[str, float], engine: str, telling: float) -> _Reading:
    best = max(shares, key=lambda label: shares[label])
    return _Reading(best, shares[best], engine, telling)


def _verdict(readings: Sequence[_Reading], least: float) -> IntentVerdict:
    """Return what the newest telling message tells, else what the newest says when that is above ``least``."""
    for age, one in enumerate(readings):
        if one.share > one.telling:
            faded = one.telling + (one.share - one.telling) * FADING**age
            return IntentVerdict(one.label, round(faded, 4), one.engine)
    newest = readings[0]
    label, most = (newest.label, 1.0) if newest.share > least else (GENERAL, least)
    return IntentVerdict(label, round(min(newest.share, most), 4), newest.engine)


def _embedded(run: Run, texts: Sequence[str]) -> Floats:
    return np.concatenate([run(texts[at : at + 32]) for at in range(0, len(texts), 32)])
