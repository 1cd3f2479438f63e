"""What a hand-over of partitions waits for: work in hand, for a moment; then what can be done again is let go.

Upstream waits without a limit. An analysis by rules takes milliseconds, a remote one may take its whole deadline, and
every member of the group would wait for it, while nothing new is analysed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

GRACE_SECONDS = 1.0
LET_GO_EVERY_SECONDS = 0.1  # what waited for a slot starts when others have been let go


async def let_go_in_time(waiting: Awaitable[None], callbacks: Sequence[Callable[[], None]]) -> None:
    """Await ``waiting``; once it takes longer than a second, call ``callbacks`` again and again until it ends."""
    letting_go = asyncio.create_task(_let_go(callbacks))
    try:
        await waiting
    finally:
        letting_go.cancel()


async def _let_go(callbacks: Sequence[Callable[[], None]]) -> None:
    await asyncio.sleep(GRACE_SECONDS)
    while True:
        for callback in callbacks:
            callback()
        await asyncio.sleep(LET_GO_EVERY_SECONDS)
