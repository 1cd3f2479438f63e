"""Several apps in one process: each with its own consumer group, started and stopped together.

Faust stops dependencies one after another, and each waits for its work in flight: all groups would leave over the sum
of the waits instead of the longest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from mode import Service

from signalstream.streaming.application import SignalApp

log = structlog.get_logger()
Step = Callable[[], Awaitable[None]]


def host(main: SignalApp, others: Sequence[SignalApp], before: Sequence[Step], after: Sequence[Step]) -> None:
    """Make ``main`` start ``others`` as its dependencies.

    ``before`` are awaited, in order, before the others start, ``after`` once everything has stopped.
    """
    # Before main closes its tables: that takes a while, and until they leave their groups their turns wait.
    main.left_callbacks.append(lambda: _stop_together(others))

    class Hosted(Service):
        async def on_start(self) -> None:
            for step in before:
                await step()
            for app in others:
                app.finalize()
            await asyncio.gather(*(self.add_runtime_dependency(app) for app in others))

        async def on_stop(self) -> None:
            await _stop_together(others)

        async def on_shutdown(self) -> None:
            for step in after:
                try:
                    await step()
                except Exception as error:  # noqa: BLE001 - one part that cannot stop must not keep the others open
                    log.warning("hosting.stop_failed", error=type(error).__name__, detail=str(error))

    main.service(Hosted)


async def _stop_together(apps: Sequence[SignalApp]) -> None:
    for ended in await asyncio.gather(*(app.stop() for app in apps), return_exceptions=True):
        if isinstance(ended, BaseException):
            log.warning("hosting.stop_failed", error=type(ended).__name__, detail=str(ended))
