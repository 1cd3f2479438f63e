"""What a hand-over of partitions waits for: work in hand, for a moment; then what can be done again is let go.

Upstream waits without a limit. An analysis by rules takes milliseconds, a remote one may take its whole deadline, and
every member of the group would wait for it, while nothing new is analysed.

And after every single record upstream runs the garbage collector and commits: 0.06 s of CPU of the whole process a
record, measured with four-score records in work, while every app of the process does the same.
"""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

GRACE_SECONDS = 1.0
LET_GO_EVERY_SECONDS = 0.1  # what waited for a slot starts when others have been let go
LOOK_SECONDS = 0.01
STILL_SECONDS = 0.2  # without a change; what was dropped from a buffer may wait for the collector, in a cycle
TELL_SECONDS = 10.0
log = structlog.get_logger()


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


async def nothing_in_work(consumer: Any) -> None:
    """Return once every record that a Faust consumer has delivered is acknowledged, let go or dropped, or it stops."""
    loop = asyncio.get_running_loop()
    began = told = changed = loop.time()
    waiting, still = len(consumer._unacked_messages), STILL_SECONDS
    while waiting and not consumer.should_stop:
        await asyncio.sleep(LOOK_SECONDS)
        before, waiting, now = waiting, len(consumer._unacked_messages), loop.time()
        if waiting != before:
            changed, still = now, STILL_SECONDS
        elif now - changed > still:
            consumer._clean_unacked_messages()
            gc.collect()
            changed, still = now, still * 2
        if now - told > TELL_SECONDS:
            told = now
            log.warning("hand_over.waits", seconds=round(now - began, 1), records=_by_topic(consumer))


def _by_topic(consumer: Any) -> dict[str, int]:
    return dict(Counter(message.topic for message in tuple(consumer._unacked_messages)))
