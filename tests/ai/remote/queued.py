"""Turns that wait, to test with: what leaves the process is their text."""

from __future__ import annotations

import asyncio
from typing import Any

from signalstream.ai.remote.backlog import Size
from signalstream.ai.remote.gathering import Gathering
from signalstream.ai.remote.superseding import Superseding
from signalstream.ai.remote.waiting import Waiting

SIZE = Size(turns=5, characters=100)


def waiting(number: int = 1, **changes: Any) -> Waiting[str]:
    """Return a turn of its own conversation; needs a running loop."""
    fields: dict[str, Any] = {
        "task": "sentiment",
        "tenant": "acme",
        "conversation": f"c-{number}",
        "seq": 1,
        "id": f"id-{number}",
        "turn": f"text {number}",
        "characters": 10,
        "deadline": asyncio.get_running_loop().time() + 60,
    }
    return Waiting(**(fields | changes))


def gathering(size: Size = SIZE) -> Gathering[str]:
    return Gathering(size, Superseding())
