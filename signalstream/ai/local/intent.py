"""What the customer wants: by sample sentences of a taxonomy where the encoder runs, by cues where it does not.

The newest message counts fully, the one before it half, and so on. What fits no label is a General Inquiry, with a
confidence below LEAST_CONFIDENCE: never a guess. For the eight default labels the cues of ``intent_rules`` have a say
too: their share of the evidence moves the probabilities by CUE_WEIGHT, and alone they judge what is written in words
that the models, who know English, have not seen. Labels that bring samples enough for a head of their own are believed
from LEAST_FITTED on: its probabilities are shared among many labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from signalstream.ai.local.encoder import Embedder
from signalstream.ai.local.heads import Floats, Head
from signalstream.ai.local.intent_heads import FittedHead, IntentHead, head_for
from signalstream.ai.local.intent_rules import GENERAL, INTENTS
from signalstream.ai.local.minilm import Run
from signalstream.ai.local.taxonomy import ANY_TENANT, DEFAULT, Taxonomy
from signalstream.core.redaction import PLACEHOLDER
from signalstream.core.text import folded, matched

LEAST_CONFIDENCE = 0.4
LEAST_FITTED = 0.05
LEAST_KNOWN = 0.6
"""Share of the newest message's words that the models must have seen for sample sentences to be asked."""
CUE_WEIGHT = 0.4
FADING = 0.5
MESSAGES_READ = 6
BY_CUES = "cues"


@dataclass(frozen=True)
class IntentVerdict:
    """The intent, how sure (0 to 1), and what judged."""

    intent: str
    confidence: float
    engine: str


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
        """Return the intent of the customer's messages, redacted and newest first."""
        plain = [PLACEHOLDER.sub(" ", text) for text in texts[:MESSAGES_READ]]
        by_cues = cue_shares([folded(text) for text in plain])
        head = self._heads.get(tenant) or self._heads.get(ANY_TENANT)
        if self._encoder is None or head is None:
            return _verdict(by_cues, BY_CUES, least=0.0)
        if not plain:
            return IntentVerdict(GENERAL, 0.0, head.engine)
        is_default, has_cues = set(head.labels) == set(DEFAULT.labels), any(by_cues.values())
        if is_default and has_cues and self._words is not None and self._words.known_share(plain[0]) < LEAST_KNOWN:
            return _verdict(by_cues, BY_CUES, least=0.0)
        rows = head.probabilities(plain, await self._encoder.embed(plain))
        shares = dict(zip(head.labels, (float(one) for one in _faded(rows)), strict=True))
        if is_default and has_cues:
            shares = {label: (1 - CUE_WEIGHT) * shares[label] + CUE_WEIGHT * by_cues[label] for label in shares}
        return _verdict(shares, head.engine, LEAST_FITTED if isinstance(head, FittedHead) else LEAST_CONFIDENCE)


def intent_heads_for(run: Run, taxonomies: Mapping[str, Taxonomy]) -> dict[str, IntentHead]:
    """Return a head for every taxonomy, and the default one for tenants without; it embeds the samples (seconds)."""
    wanted = {ANY_TENANT: DEFAULT, **taxonomies}
    return {tenant: head_for(one, _embedded(run, [text for text, _ in one.rows()])) for tenant, one in wanted.items()}


def cue_shares(plain: Sequence[str]) -> dict[str, float]:
    """Return each default label's share of the evidence by cues; ``plain`` are folded texts, newest first.

    One unit of evidence is set aside for what the cues do not know, so that a single hint is no certainty.
    """
    weights = dict.fromkeys(INTENTS, 0.0)
    for age, text in enumerate(plain):
        for intent, cues in INTENTS.items():
            found = {one.name: one.weight for one in matched(cues, text)}
            weights[intent] += sum(found.values()) * FADING**age
    total = sum(weights.values()) + 1
    return {intent: weight / total for intent, weight in weights.items()}


def _faded(rows: Floats) -> Floats:
    """Return one row: the newest, and of each older one half as much of what is left undecided."""
    shares = np.zeros(rows.shape[1], dtype=np.float32)
    for age, row in enumerate(rows):
        shares += row * np.float32((1 - float(shares.sum())) * (1 if age == 0 else FADING**age))
    return shares


def _verdict(shares: Mapping[str, float], engine: str, least: float) -> IntentVerdict:
    best = max(shares, key=lambda label: shares[label])
    if shares[best] > least:
        return IntentVerdict(best, round(shares[best], 4), engine)
    return IntentVerdict(GENERAL, round(min(shares[best], least), 4), engine)


def _embedded(run: Run, texts: Sequence[str]) -> Floats:
    return np.concatenate([run(texts[at : at + 32]) for at in range(0, len(texts), 32)])
