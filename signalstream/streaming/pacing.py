"""Fewer requests: a moment between two of them, so that what belongs together goes and comes together.

aiokafka names every partition in each fetch and reads every partition in each answer (about 1 ms for the core's 72),
and asks again as soon as one record has come; and it sends what there is as soon as an answer has come. How long the
moment is depends on how busy the process is (load.py).
"""

from __future__ import annotations

import asyncio
from typing import Any

from signalstream.streaming.fetch_encoding import QuickFetch
from signalstream.streaming.load import Pace

LEAST_FETCH_SECONDS = 0.005  # at most this is added to a hop when idle, and only when records come in quick succession


HEAD_START_SECONDS = 0.006  # by which a send waits less than a fetch: what is sent meets a fetch that waits again


def idle_pace() -> float:
    """Return the pace of a process that does not know how busy it is."""
    return 0.0


def pace_fetches(consumer: Any, pace: Pace = idle_pace, *, quick: bool = True) -> None:
    """Make a started ``AIOKafkaConsumer`` leave ``pace``, or the least, between two fetches from the same node.

    ``quick``, they are encoded the short way.
    """
    fetcher = consumer._fetcher
    fetch = fetcher._proc_fetch_request
    last: dict[int, float] = {}

    async def paced(assignment: Any, node_id: int, request: Any) -> Any:
        loop = asyncio.get_running_loop()
        early = last.get(node_id, 0.0) + max(LEAST_FETCH_SECONDS, pace()) - loop.time()
        if early > 0 and not await _waited(early):
            return False
        last[node_id] = loop.time()
        return await fetch(assignment, node_id, QuickFetch(request) if quick else request)

    fetcher._proc_fetch_request = paced


def pace_sends(producer: Any, pace: Pace) -> None:
    """Make a started ``AIOKafkaProducer`` leave ``pace``, less the head start, between two drains of its buffer.

    A linger is no help: it counts for each partition's batch by itself, so they leave one by one.
    """
    accumulator = producer._message_accumulator
    drain, waiter = accumulator.drain_by_nodes, accumulator.waiter
    loop = asyncio.get_running_loop()
    last, pause = 0.0, loop.create_future()
    pause.set_result(None)

    def drained(*args: Any, **options: Any) -> Any:
        nonlocal last, pause
        early = last + max(0.0, pace() - HEAD_START_SECONDS) - loop.time() if accumulator._batches else 0.0
        if early > 0:
            if pause.done():
                pause = loop.create_future()
                loop.call_later(early, _end, pause)
            return {}, False
        nodes, unknown_leaders = drain(*args, **options)
        if nodes:
            last = loop.time()
        return nodes, unknown_leaders

    def awaited() -> asyncio.Future[None]:
        # In a pause nothing wakes the sender but its end: a new batch would, for each partition.
        return waiter() if pause.done() else pause

    accumulator.drain_by_nodes, accumulator.waiter = drained, awaited


def _end(pause: asyncio.Future[None]) -> None:
    if not pause.done():
        pause.set_result(None)


async def _waited(seconds: float) -> bool:
    """Wait; say False when cancelled meanwhile, as aiokafka's own fetch does: its ``close`` awaits what it cancels."""
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        return False
    return True
