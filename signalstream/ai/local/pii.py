"""Finds personal data by patterns: for redaction before anything is stored, and for ``pii_finder``.

Confidence is a grade of evidence, not a probability: 1.0 where a checksum, a numbering plan or a parser agrees, 0.9
where the shape is unmistakable, 0.6 where only a cue beside it says so ("my name is ..."). The sort of evidence is
documented by each detector.

Spans that overlap are resolved by ``signalstream.core.redaction``. Then the text is searched again with what was found
filled in, until nothing more is found: so redacting a redacted text changes nothing, and a value that was found once
is found wherever it stands as a whole word.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from signalstream.ai.local.evidence import Detector, Gate, Gated, count_digits, has_any, in_lower_case
from signalstream.ai.local.pii_accounts import ACCOUNT_DETECTORS
from signalstream.ai.local.pii_ids import ID_DETECTORS
from signalstream.ai.local.pii_numbers import NUMBER_DETECTORS
from signalstream.ai.local.pii_people import PEOPLE_DETECTORS
from signalstream.ai.local.pii_phones import FEWEST_DIGITS, find_phones
from signalstream.ai.local.pii_places import PLACE_DETECTORS
from signalstream.ai.local.pii_secrets import SECRET_DETECTORS
from signalstream.ai.local.searchable import FILLER, masked, searchable
from signalstream.core.placeholders import redacted
from signalstream.core.redaction import Span, resolve

# Phones come last and see the rest filled in: other numbers are more certain, and looking up phones is what costs.
STAGES: tuple[tuple[Detector, ...], ...] = (
    (*SECRET_DETECTORS, *NUMBER_DETECTORS, *ID_DETECTORS, *ACCOUNT_DETECTORS, *PEOPLE_DETECTORS, *PLACE_DETECTORS),
    (Gated(Gate(digits=FEWEST_DIGITS), find_phones),),
)
MOST_ROUNDS = 8  # Two are usual: one that finds, one that finds nothing more.
_SHORTEST_REPEAT = 3


@dataclass(frozen=True)
class _Stage:
    """Gates with the detectors behind each: those that want the fewest digits come first."""

    gates: tuple[tuple[Gate, tuple[Detector, ...]], ...]

    def detected(self, plain: str) -> Iterator[Span]:
        lowered, digits = in_lower_case(plain), count_digits(plain)
        for (least, words), detectors in self.gates:
            if least > digits:
                return
            if not words or has_any(lowered, words):
                for detector in detectors:
                    yield from detector(plain)


@cache
def _gated(detectors: tuple[Detector, ...]) -> _Stage:
    behind: dict[Gate, list[Detector]] = defaultdict(list)
    for one in detectors:
        gate, detector = (one.gate, one.behind_gate) if isinstance(one, Gated) else (Gate(), one)
        behind[gate].append(detector)
    return _Stage(tuple((gate, tuple(behind[gate])) for gate in sorted(behind)))


class PatternDetector:
    """Finds spans of personal data. It keeps nothing between calls and may be shared."""

    def __init__(self, stages: tuple[tuple[Detector, ...], ...] = STAGES) -> None:
        self._stages = tuple(map(_gated, stages))

    def find(self, text: str) -> tuple[Span, ...]:
        """Return what was found, in order of place, without overlaps, in code points of ``text``."""
        view = searchable(text)
        plain = view.plain
        found: dict[str, Span] = {}
        spans: list[Span] = []
        for _ in range(MOST_ROUNDS):
            before = len(spans)
            for stage in self._stages:
                fresh = resolve((*stage.detected(plain), *_repeats(plain, found)))
                found.update((plain[span.start : span.end], span) for span in fresh)
                spans += fresh
                plain = masked(plain, fresh) if fresh else plain
            if len(spans) == before:
                break
        return resolve(view.origin(span) for span in spans)

    def redact(self, text: str) -> str:
        """Return ``text`` with a numbered placeholder in the place of everything that ``find`` finds."""
        return redacted(text, self.find(text))


def _repeats(plain: str, found: dict[str, Span]) -> Iterator[Span]:
    for value, span in found.items():
        if FILLER in value or len(value) < _SHORTEST_REPEAT or value not in plain:
            continue  # most stand nowhere else: making a pattern of each costs more than the whole search
        for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", plain):
            yield Span(match.start(), match.end(), span.kind, "repeat", span.confidence)


def redact(text: str) -> str:
    """Return ``text`` without the personal data that patterns find. Pure; linear in the length of the text."""
    return PatternDetector().redact(text)
