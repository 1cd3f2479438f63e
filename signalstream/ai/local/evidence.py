"""How sure a pattern is, and the loop that turns a compiled pattern into a detector."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from signalstream.core.redaction import Span

CHECKED = 1.0  # a checksum, a numbering plan or a parser agrees
SHAPED = 0.9  # the shape is unmistakable
CUED = 0.6  # only the words beside it say so

NUMERALS = tuple("0123456789")
Detector = Callable[[str], Iterable[Span]]


@dataclass(frozen=True, slots=True)
class Matcher:
    """A detector for a pattern: the last group that matched, else the whole match, is the value.

    A text without any of the lower-case words of ``gate`` holds none: looking for a word is a hundred times faster than
    looking for a pattern.
    """

    kind: str
    pattern: re.Pattern[str]
    confidence: float
    accept: Callable[[str], bool] | None
    gate: tuple[str, ...]

    def __call__(self, plain: str) -> Iterator[Span]:
        """Yield what is found in a text."""
        return self.behind_gate(plain) if not self.gate or has_any(plain.lower(), self.gate) else iter(())

    def behind_gate(self, plain: str) -> Iterator[Span]:
        """Yield what is found in a text that has a word of the gate."""
        for match in self.pattern.finditer(plain):
            group = match.lastindex or 0
            if self.accept is None or self.accept(match[group]):
                yield Span(match.start(group), match.end(group), self.kind, f"pattern:{self.kind}", self.confidence)


def matcher(
    kind: str,
    pattern: re.Pattern[str],
    confidence: float,
    accept: Callable[[str], bool] | None = None,
    gate: tuple[str, ...] = (),
) -> Matcher:
    """Return a detector for ``pattern``; ``accept`` has the last word on a value."""
    return Matcher(kind, pattern, confidence, accept, gate)


def has_any(lowered: str, words: tuple[str, ...]) -> bool:
    """Say whether one of the words occurs."""
    return any(map(lowered.__contains__, words))


def digits_in(value: str) -> int:
    """Count the digits."""
    return sum(character.isdigit() for character in value)
