"""Spans of time as people write them: ``30m``, ``12h``, ``90d``."""

from __future__ import annotations

import re
from datetime import timedelta

LONGEST = timedelta(weeks=52 * 100)
_SPAN = re.compile(r"(\d{1,6})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span(text: str) -> timedelta | None:
    """Return the span, or None for text that is none, or for one of more than a century."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        return None
    length = timedelta(**{_UNITS[found[2]]: int(found[1])})
    return length if length <= LONGEST else None
