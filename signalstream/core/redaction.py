"""Redaction: from found spans to a text without them. Finding is someone else's; this room decides and applies.

Overlap rule, among detectors of one sort (``resolve``): spans that overlap become one, from the first start to the last
end, so that no character that any detector found is left. The union takes kind, detector and confidence from the
longest of them; of equally long ones from the most confident; then from the earliest; then from the first by name.

Between sorts (``joined``): what patterns have checked stands as it is, and a model's span gives way. Of a model's span
of the same kind, what reaches beyond is joined to it; of another kind, what is left stays masked in its own right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

PLACEHOLDER = re.compile(r"\[([A-Z][A-Z0-9_]{0,30})_(\d{1,5})\]")
_NEAR = 3  # code points between two parts of one thing, as in "12 Main Street, Leeds"


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


def _strength(span: Span) -> tuple[int, float, int, str, str]:
    return span.start - span.end, -span.confidence, span.start, span.kind, span.detector


def joined(text: str, checked: Iterable[Span], likely: Iterable[Span]) -> tuple[Span, ...]:
    """Return the spans of patterns (``checked``) and of a model (``likely``) as ones that do not overlap, in order.

    Every letter and digit that either found is in one of them; white space and marks at the ends are given up.
    """
    certain = resolve(checked)
    pieces = [piece for span in resolve(likely) for piece in _outside(span, certain)]
    kept = [short for piece in pieces if (short := _trimmed(text, piece)) is not None]
    whole = list(certain)
    for piece in kept:
        whole = _joined_one(text, whole, piece)
    return tuple(sorted(whole, key=lambda span: span.start))


def _outside(span: Span, others: Sequence[Span]) -> Iterator[Span]:
    """Yield the parts of ``span`` that none of ``others`` covers."""
    start = span.start
    for other in others:
        if other.end <= start or other.start >= span.end:
            continue
        if other.start > start:
            yield replace(span, start=start, end=other.start)
        start = other.end
    if start < span.end:
        yield replace(span, start=start)


def _trimmed(text: str, span: Span) -> Span | None:
    start, end = span.start, span.end
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return replace(span, start=start, end=end) if start < end else None


def _joined_one(text: str, spans: Sequence[Span], piece: Span) -> list[Span]:
    """Add ``piece``: to a span of its kind when only marks and spaces are between them, else on its own."""
    for place, span in enumerate(spans):
        first, last = sorted((span, piece), key=lambda one: one.start)
        if span.kind == piece.kind and last.start - first.end <= _NEAR:
            between = text[first.end : last.start]
            if not any(character.isalnum() for character in between) and not any(
                other.start < last.start and first.end < other.end for other in spans if other is not span
            ):
                return [*spans[:place], replace(span, start=first.start, end=last.end), *spans[place + 1 :]]
    return [*spans, piece]


def apply_spans(text: str, spans: Sequence[Span], names: Sequence[str]) -> str:
    """Return ``text`` with each span replaced by its name. Spans must be resolved; names are one for each span."""
    parts: list[str] = []
    written = 0
    for span, name in zip(spans, names, strict=True):
        parts += (text[written : span.start], name)
        written = span.end
    parts.append(text[written:])
    return "".join(parts)
