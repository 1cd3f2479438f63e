"""Attempts until one succeeds, none is worth it any more, or the call's deadline is too near."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import stamina

from signalstream.core.attempts import Retries
from signalstream.errors import AnalystError

T = TypeVar("T")


async def retried(attempt: Callable[[], Awaitable[T]], retries: Retries) -> T:
    """Return what ``attempt`` returns; raise the last error when ``retries`` gives up."""
    loop = asyncio.get_running_loop()

    def delay(error: Exception) -> bool | float:
        seconds = retries.after(error, loop.time()) if isinstance(error, AnalystError) else None
        return False if seconds is None else seconds

    # Both bounds of stamina's are off: ``retries`` counts, and it knows the deadline by the loop's clock.
    return await stamina.AsyncRetryingCaller(attempts=None, timeout=None)(delay, attempt)
