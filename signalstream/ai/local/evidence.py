"""How sure a pattern is, and the loop that turns a compiled pattern into a detector."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from signalstream.core.redaction import Span

CHECKED = 1.0  # a checksum, a numbering plan or a parser agrees
SHAPED = 0.9  # the shape is unmistakable
CUED = 0.6  # only the words beside it say so

NUMERALS = tuple("0123456789")


def matcher(
    kind: str,
    pattern: re.Pattern[str],
    confidence: float,
    accept: Callable[[str], bool] | None = None,
    gate: tuple[str, ...] = (),
) -> Callable[[str], Iterator[Span]]:
    """Return a detector for ``pattern``; its last group that matched, else the whole match, is the value.

    ``accept`` has the last word on a value. A text without any of the lower-case words of ``gate`` is not searched:
    looking for a word is a hundred times faster than looking for a pattern.
    """

    def detect(plain: str) -> Iterator[Span]:
        if gate and not has_any(plain.lower(), gate):
            return
        for match in pattern.finditer(plain):
            group = match.lastindex or 0
            if accept is None or accept(match[group]):
                yield Span(match.start(group), match.end(group), kind, f"pattern:{kind}", confidence)

    return detect


def has_any(lowered: str, words: tuple[str, ...]) -> bool:
    """Say whether one of the words occurs."""
    return any(map(lowered.__contains__, words))


def digits_in(value: str) -> int:
    """Count the digits."""
    return sum(character.isdigit() for character in value)
