"""Redaction: from found spans to a text without them. Finding is someone else's; this room decides and applies.

Overlap rule: spans that overlap become one, from the first start to the last end, so that no character that any
detector found is left. The union takes kind, detector and confidence from the longest of them; of equally long ones
from the most confident; then from the earliest; then from the first kind by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

PLACEHOLDER = re.compile(r"\[([A-Z][A-Z0-9_]{0,30})_(\d{1,5})\]")


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data in a text: code points from ``start`` up to, not including, ``end``.

    ``kind`` is the entity's type, as in ``email``. ``confidence`` is between 0 and 1.
    """

    start: int
    end: int
    kind: str
    detector: str
    confidence: float


def resolve(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans that do not overlap, in order of place, by the overlap rule. Empty spans are dropped."""
    resolved: list[Span] = []
    strongest: list[Span] = []
    for span in sorted((span for span in spans if span.end > span.start), key=lambda span: (span.start, span.end)):
        if resolved and span.start < resolved[-1].end:
            best = min(strongest[-1], span, key=_strength)
            merged = replace(best, start=resolved[-1].start, end=max(resolved[-1].end, span.end))
            resolved[-1], strongest[-1] = merged, best
        else:
            resolved.append(span)
            strongest.append(span)
    return tuple(resolved)


def _strength(span: Span) -> tuple[int, float, int, str]:
    return span.start - span.end, -span.confidence, span.start, span.kind


def placeholders(text: str, spans: Sequence[Span]) -> tuple[str, ...]:
    """Return what stands in each span's place, as in [EMAIL_1], numbered for each kind from 1 in order of place.

    The same value keeps its number, however it is spaced or cased. Numbers that the text already uses are not given
    out again, so that redacting a redacted text never lets two values share a placeholder.
    """
    taken: dict[str, int] = {}
    for match in PLACEHOLDER.finditer(text):
        taken[match[1]] = max(taken.get(match[1], 0), int(match[2]))
    given: dict[tuple[str, str], str] = {}
    for span in spans:
        label = _label(span.kind)
        identity = (label, _identity(text[span.start : span.end]))
        if identity not in given:
            taken[label] = taken.get(label, 0) + 1
            given[identity] = f"[{label}_{taken[label]}]"
    return tuple(given[_label(span.kind), _identity(text[span.start : span.end])] for span in spans)


def _label(kind: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", kind.upper()).strip("_") or "VALUE"


def _identity(value: str) -> str:
    if any(character.isalpha() for character in value):
        return "".join(value.casefold().split())
    return "".join(character for character in value if character.isalnum()) or value


def apply_spans(text: str, spans: Sequence[Span], names: Sequence[str]) -> str:
    """Return ``text`` with each span replaced by its name. Spans must be resolved; names are one for each span."""
    parts: list[str] = []
    written = 0
    for span, name in zip(spans, names, strict=True):
        parts += (text[written : span.start], name)
        written = span.end
    parts.append(text[written:])
    return "".join(parts)


def redacted(text: str, spans: Iterable[Span]) -> str:
    """Return ``text`` with every span replaced by its placeholder."""
    resolved = resolve(spans)
    return apply_spans(text, resolved, placeholders(text, resolved)) if resolved else text
