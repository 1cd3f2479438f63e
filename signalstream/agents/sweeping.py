"""The loop of every sweep: at intervals, while the app is ready, and never the end of a worker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

log = structlog.get_logger()


async def keep_sweeping(app: Any, interval_seconds: float, sweep: Callable[[], Awaitable[object]], failed: str) -> None:
    """Sweep until the app stops; a sweep that raises is told as the event ``failed``, and the next one tries again.

    A broker that goes away or a rebalance in the middle may raise anything: a sweep forgets nothing that is due.
    """
    while True:
        await app.sleep(interval_seconds)
        if app.should_stop:  # which ends the sleep: its producers are about to close
            return
        if not app.is_ready:
            continue
        try:
            await sweep()
        except Exception as error:  # noqa: BLE001 - what failed is due still
            log.warning(failed, error=type(error).__name__)
