"""What a server said, as this program repeats it in errors, in ``/health`` and in the reason of an analysis.

Those are read by tenants: a server that quotes the key in its message must not hand it to them.
"""

from __future__ import annotations

import re

MOST_SAID = 300
"""Characters of a server's message that an error repeats."""
MOST_NAME = 100
"""Characters of a model's name that an analysis keeps."""
_KEY = re.compile(r"(api[_ -]?key\W{0,3})[\w.+/=-]{6,}", re.IGNORECASE)
_SHOWN = "********"


def repeated(message: str, key: str | None) -> str:
    """Return a server's message without the key, and without what follows the words "api key" as a value would."""
    without = message.replace(key, _SHOWN) if key else message
    return _KEY.sub(rf"\1{_SHOWN}", without)[:MOST_SAID]


def count(told: object) -> int:
    """Return a number of tokens as a server told it; 0 for what is no number of tokens."""
    return told if isinstance(told, int) and told > 0 else 0
