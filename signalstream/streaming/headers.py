"""Which headers stand beside what is sent: our own. Headers are not sealed, and other programs write what they like.

The whole of a record's headers is kept in its dead letter, which is sealed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from signalstream.models.agents import ADDRESSED
from signalstream.models.erasure import ERASES

REQUEST_ID = "x-request-id"
TENANT = "tenant-id"
FILED = "filed"
"""A letter that a purge has moved carries the id that it was first filed under."""
REDRIVEN = "redriven"
OWN = frozenset({REQUEST_ID, TENANT, FILED, REDRIVEN, ADDRESSED, ERASES, "traceparent"})
_PLAIN = re.compile(rb"[A-Za-z0-9._,-]{1,256}")

Headers = list[tuple[str, bytes]]


def own_headers(headers: Iterable[tuple[str, bytes]]) -> Headers:
    """Return those headers that are ours, by name and by look: ids and words, never text."""
    return [(name, content) for name, content in headers if name in OWN and _PLAIN.fullmatch(content)]
