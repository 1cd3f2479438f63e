"""What speaks for a sentiment in a text: valences of VADER's lexicon and of published cues, and their names.

VADER's compound value of each sentence is turned back into the sum of valences that it stands for
(c = x / sqrt(x^2 + 15), Hutto and Gilbert 2014, so x = c * sqrt(15 / (1 - c^2))). Cues add valences on the same scale;
thanks count only where nothing is complained about. The total is normalised by the same formula.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from signalstream.ai.local import sentiment_cues as cues
from signalstream.core.text import folded, matched, sentences

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


class EvidenceFinder:
    """Finds evidence. Building it reads VADER's lexicon once (milliseconds)."""

    def __init__(self) -> None:
        self._vader = SentimentIntensityAnalyzer()
        for word in cues.UNCOUNTED.split("|"):
            self._vader.lexicon.pop(word, None)

    def find(self, text: str) -> Evidence:
        """Return what speaks for a sentiment in a text, whose placeholders were taken out."""
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
