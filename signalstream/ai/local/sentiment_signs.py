"""What rules see of a message's sentiment, as numbers for the head: the lexicon's sums, the cues, the form.

The order of SIGNS is part of a trained head; a head that names others is refused.
"""

from __future__ import annotations

import re

from signalstream.ai.local import sentiment_cues as cues
from signalstream.ai.local.sentiment_evidence import Evidence
from signalstream.core.text import folded, phrase_pattern

_NEGATIONS = phrase_pattern(
    "not|no|never|can't|cannot|won't|don't|doesn't|didn't|isn't|wasn't|aren't|couldn't|still|without|nothing|nobody"
)
_QUESTIONS = phrase_pattern("how|what|when|where|which|who|is|are|do|does|can|could|will|would|any|may")
_WHY = phrase_pattern("why|how come")
_PLEASE = phrase_pattern("please|pls|plz")
_DURATION = re.compile(
    r"(?<!\w)(?:\d{1,4}|an?|two|three|four|five|six|several|many) ?\+? "
    r"?(?:hours?|hrs?|days?|weeks?|months?|minutes?|mins?|times?)(?!\w)"
)
_CUES = tuple(
    sorted(
        {
            one.name
            for group in (cues.COMPLAINTS, cues.ANGER, cues.THANKS, cues.DELIGHT, cues.CONFUSION, cues.URGENCY)
            for one in group
            if "(" not in one.name  # cues of other languages: the head is asked about English only
        }
    )
)
SIGNS = (
    *("score", "sum", "agreement", "good sum", "bad sum", "good share", "bad share"),
    *(
        "question mark",
        "exclamation marks",
        "shouting",
        "please",
        "asks",
        "asks why",
        "negations",
        "duration",
        "length",
    ),
    *_CUES,
)


def sentiment_signs(text: str, evidence: Evidence) -> tuple[float, ...]:
    """Return the numbers in the order of SIGNS, most of them between -1 and 1."""
    plain = folded(text[:4_000])
    words = max(evidence.words_read, 1)
    good = sum(valence for valence in evidence.valences if valence > 0)
    bad = sum(valence for valence in evidence.valences if valence < 0)
    return (
        *(evidence.score, (good + bad) / 5, evidence.agreement, good / 5, bad / 5),
        *(good / (words + 5), bad / (words + 5)),
        float("?" in plain),
        min(plain.count("!"), 3) / 3,
        float(evidence.shouting),
        float(_PLEASE.search(plain) is not None),
        float(_QUESTIONS.match(plain) is not None),
        float(_WHY.search(plain) is not None),
        min(len(_NEGATIONS.findall(plain)), 3) / 3,
        float(_DURATION.search(plain) is not None),
        min(words, 40) / 40,
        *(float(name in evidence.cues) for name in _CUES),
    )
