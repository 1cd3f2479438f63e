"""A text made searchable for patterns, with the way back to where things were written.

Customers paste: full-width digits, no-break spaces, long dashes and characters that nobody sees stand between the
digits of a card. Patterns look at a plain form of the text; ``origin`` leads from it to the written code points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from signalstream.core.redaction import PLACEHOLDER, Span

FILLER = "\x00"  # Stands for what is redacted already. No pattern matches it: it is neither a word nor a space.
UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
"""What nobody sees: controls, marks of direction, joiners, fillers, tags, variation selectors, lone surrogates."""
_SPACES = (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_DASHES = (*range(0x2010, 0x2016), 0x2043, 0x2212, 0xFE58, 0xFE63)
_QUOTES = (0x2018, 0x2019, 0x02BC)
_ZEROS = (0x660, 0x6F0, 0x966, 0x9E6, 0xE50)  # Arabic, Persian, Devanagari, Bengali, Thai
_PLAIN = {
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys(_QUOTES, "'"),
    **{wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)},
    **{zero + digit: str(digit) for zero in _ZEROS for digit in range(10)},
}


@dataclass(frozen=True)
class Searchable:
    """``plain`` is what patterns see; ``offsets`` its characters' places in the written text, None when the same."""

    plain: str
    offsets: tuple[int, ...] | None

    def origin(self, span: Span) -> Span:
        """Return the span's place in the written text."""
        if self.offsets is None:
            return span
        start, end = self.offsets[span.start], self.offsets[span.end - 1] + 1
        return Span(start, end, span.kind, span.detector, span.confidence)


def searchable(text: str) -> Searchable:
    """Return the plain form of ``text``, placeholders such as [EMAIL_1] filled in so that nothing finds them again."""
    offsets = None
    if UNSEEN.search(text):
        offsets = tuple(place for place, character in enumerate(text) if not UNSEEN.match(character))
        text = UNSEEN.sub("", text)
    plain = text if text.isascii() else text.translate(_PLAIN)
    if "]" in plain:
        plain = PLACEHOLDER.sub(lambda match: FILLER * len(match[0]), plain)
    return Searchable(plain, offsets)


def masked(plain: str, spans: Iterable[Span]) -> str:
    """Return ``plain`` with the spans filled in. Its length stays."""
    parts: list[str] = []
    written = 0
    for span in spans:
        parts += (plain[written : span.start], FILLER * (span.end - span.start))
        written = span.end
    parts.append(plain[written:])
    return "".join(parts)
