"""How sure a pattern is, and the loop that turns a compiled pattern into a detector."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from signalstream.core.redaction import Span

CHECKED = 1.0  # a checksum, a numbering plan or a parser agrees
SHAPED = 0.9  # the shape is unmistakable
CUED = 0.6  # only the words beside it say so

NUMERALS = tuple("0123456789")
_FOLDED = {0x17F: "s", 0x131: "i", 0x307: None}  # the last is what is left of a capital I with a dot
Detector = Callable[[str], Iterable[Span]]


class Gate(NamedTuple):
    """What a text must have for a search to find anything: so many digits, and one of the lower-case words, if any.

    Counting digits and looking for a word are a hundred times faster than looking for a pattern.
    """

    digits: int = 0
    words: tuple[str, ...] = ()

    def admits(self, digits: int, lowered: str) -> bool:
        """Say whether a text of so many digits may hold something; ``lowered`` is ``in_lower_case`` of it."""
        return digits >= self.digits and (not self.words or has_any(lowered, self.words))


@dataclass(frozen=True, slots=True)
class Gated:
    """A detector that need not look at texts which its gate does not admit."""

    gate: Gate
    behind_gate: Detector

    def __call__(self, plain: str) -> Iterable[Span]:
        """Yield what is found in a text."""
        return self.behind_gate(plain) if self.gate.admits(count_digits(plain), in_lower_case(plain)) else iter(())


@dataclass(frozen=True, slots=True)
class Matcher:
    """A detector for a pattern: the last group that matched, else the whole match, is the value."""

    kind: str
    pattern: re.Pattern[str]
    confidence: float
    accept: Callable[[str], bool] | None

    def __call__(self, plain: str) -> Iterator[Span]:
        """Yield what is found in a text."""
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
    *,
    digits: int = 0,
) -> Gated:
    """Return a detector for ``pattern``; ``accept`` has the last word on a value.

    ``gate`` are words of which any match has one, in lower case, and ``digits`` the fewest digits of any match.
    """
    return Gated(Gate(digits, gate), Matcher(kind, pattern, confidence, accept))


def has_any(lowered: str, words: tuple[str, ...]) -> bool:
    """Say whether one of the words occurs."""
    return any(map(lowered.__contains__, words))


def count_digits(plain: str) -> int:
    """Count the digits of a text, of which most are long beside their few digits."""
    return sum(map(plain.count, NUMERALS)) if plain.isascii() else digits_in(plain)


def in_lower_case(plain: str) -> str:
    """Return a text in lower case as patterns compare it: the long s and the i's of Turkish are Latin letters."""
    return plain.lower() if plain.isascii() else plain.lower().translate(_FOLDED)


def digits_in(value: str) -> int:
    """Count the digits."""
    return sum(character.isdigit() for character in value)
