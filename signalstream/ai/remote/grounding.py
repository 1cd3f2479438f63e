"""Whether an answer rests on what was said: its figures must occur in the conversation, its placeholders were sent.

A figure is a number of two digits or more. It is compared by its digits, so that 1,200.00 is 1200; a date or a time may
be written in another order, as long as each of its parts was said.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from signalstream.core.redaction import PLACEHOLDER

LEAST_DIGITS = 2
_FIGURE = re.compile(r"\d+(?:[.,:'\u2019/-]\d+)*")
_CENTS = re.compile(r"[.,]0{1,2}$")


def figures_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the figures of texts, whole and in their parts, as bare digits without leading zeros."""
    return frozenset(
        one for text in texts for figure in _figures(text) for one in (_digits(figure), *map(_digits, _parts(figure)))
    )


def is_grounded(text: str, said: frozenset[str]) -> bool:
    """Say whether every figure of ``text`` is one of those that were ``said``."""
    return all(
        _digits(figure) in said
        or all(len(part) < LEAST_DIGITS or part in said for part in map(_digits, _parts(figure)))
        for figure in _figures(text)
    )


def _figures(text: str) -> list[str]:
    return [_CENTS.sub("", figure) for figure in _FIGURE.findall(PLACEHOLDER.sub(" ", text))]


def _parts(figure: str) -> list[str]:
    return re.findall(r"\d+", figure)


def _digits(figure: str) -> str:
    plain = "".join(str(unicodedata.digit(one)) for one in figure if one.isdigit())
    return plain.lstrip("0")
