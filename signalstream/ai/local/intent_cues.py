"""The evidence that cues give for the default intents: of one message, and of several of which the newest counts most.

One unit of evidence is set aside for what the cues do not know, so that a single hint is no certainty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from signalstream.ai.local.intent_rules import INTENTS
from signalstream.core.text import matched

FADING = 0.5
"""What an older message counts beside the next newer one."""


def cue_weights(text: str) -> dict[str, float]:
    """Return the weight of each default label's cues in a folded text."""
    return {
        intent: sum({one.name: one.weight for one in matched(cues, text)}.values()) for intent, cues in INTENTS.items()
    }


def cue_shares(weights: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return each default label's share of the evidence; ``weights`` are those of messages, newest first."""
    faded = {intent: sum(one[intent] * FADING**age for age, one in enumerate(weights)) for intent in INTENTS}
    total = sum(faded.values()) + 1
    return {intent: weight / total for intent, weight in faded.items()}
