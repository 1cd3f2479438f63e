"""A consumer on the process' own event loop: what Faust runs in a thread for each app runs beside the agents instead.

Replaces ``mode.threads.WorkerThread`` and the method queue of ``mode.threads.QueueServiceThread``. Six apps of a
process had six threads that woke each other some two hundred times a message, each time for the interpreter. On one
loop a message at 40 a second cost 16.3 ms of CPU instead of 20.8, and its insight was complete after 28 ms instead of
44 at the median, 49 ms instead of 75 to 96 at p99 (two interleaved runs each). In a burst it makes no difference.

Faust's reason for the thread is that heartbeats go on while an agent blocks the loop. Here nothing may: models compute
in threads of their own. And if something does for longer than a session, the worker neither renews its lease
(lease.py) nor stays in its group, where a thread would keep partitions for a loop that does nothing with them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


class LoopWorker:
    """Runs a ``ServiceThread`` as a task of the loop that made it; in the place of mode's ``WorkerThread``."""

    def __init__(self, service: Any) -> None:
        self._service = service
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = self._service.parent_loop.create_task(self._serve())

    def stop(self) -> None:
        """Do nothing: the service is told to stop by its own flag, and who stops it waits until it says that it has."""

    async def _serve(self) -> None:
        try:
            await self._service._serve()
        except Exception:  # noqa: BLE001 - it has crashed its app with it already, and nobody awaits this task
            self._service.set_shutdown()


class Calls:
    """Calls that go on when their caller is cancelled, as those to a thread do: a fetch may have taken records."""

    def __init__(self) -> None:
        self._running: set[asyncio.Future[Any]] = set()  # the loop itself keeps none alive

    async def call(self, fun: Callable[..., Awaitable[Any] | Any], *args: Any, **options: Any) -> Any:
        """Return what ``fun``, a coroutine function or not, returns. Raises what it raises."""
        running = asyncio.ensure_future(_called(fun, *args, **options))
        self._running.add(running)
        running.add_done_callback(self._ended)
        return await asyncio.shield(running)

    def _ended(self, call: asyncio.Future[Any]) -> None:
        self._running.discard(call)
        if not call.cancelled():
            call.exception()  # looked at: whoever asked may have gone


async def _called(fun: Callable[..., Awaitable[Any] | Any], *args: Any, **options: Any) -> Any:
    result = fun(*args, **options)
    return await result if isinstance(result, Awaitable) else result
