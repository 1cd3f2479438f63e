"""A model's words before anybody sees them: on one line, of a bounded length, and redacted once more.

What was sent held no personal data that we know of. A model may still have decoded some, or made some up.
"""

from __future__ import annotations

from collections.abc import Iterable

from signalstream.ai.local.pii import PatternDetector
from signalstream.ai.remote.fencing import visible
from signalstream.ai.remote.outgoing import OutgoingTurn
from signalstream.core.placeholders import redacted
from signalstream.core.text import shortened

PHRASE_CHARACTERS = 140
PATTERNS = PatternDetector()


def line(text: str, most: int, turn: OutgoingTurn) -> str:
    """Return one line of at most ``most`` characters without the personal data that patterns find in it."""
    plain = " ".join(visible(text).split())
    spans = [span for span in PATTERNS.find(plain) if turn.policy.admits(span, plain[span.start : span.end])]
    return shortened(redacted(plain, spans, turn.known), most)


def lines(texts: Iterable[str], most: int, turn: OutgoingTurn) -> tuple[str, ...]:
    """Return at most ``most`` different phrases, none empty, each as ``line`` leaves it."""
    read = (line(text, PHRASE_CHARACTERS, turn) for text in texts)
    return tuple(dict.fromkeys(one for one in read if one))[:most]


def share(percent: int) -> float:
    """Return a whole percentage as a share of 0 to 1, whatever the model made of the bounds."""
    return min(max(percent, 0), 100) / 100
