"""Long texts aside: rules that take milliseconds run in a thread, so that the event loop answers others meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
LONG_CHARACTERS = 1_500
"""Rules take about a millisecond for a text of this length; a thread costs a tenth of that."""


async def aside(characters: int, work: Callable[[], Result]) -> Result:
    """Return what ``work`` returns: called at once for a short text, in a thread for one of LONG_CHARACTERS and more.

    ``characters`` is how much text the work reads.
    """
    return work() if characters < LONG_CHARACTERS else await asyncio.to_thread(work)
