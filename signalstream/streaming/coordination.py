"""A consumer whose group coordination goes on after an error.

aiokafka's coordination stops at an error that it does not know, such as a heartbeat answered with "the coordinator is
loading" by a broker that has just started, and waits until the user's next ``getmany`` has raised it. Faust fetches
past that method, so nobody ever does: the member is expelled, never joins again, and no line says so. Here the error
is logged and the group joined anew. Related: faust-streaming #175, #532.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

PAUSE_SECONDS = 1.0
log = structlog.get_logger()


def outlive_errors(consumer: Any, pause_seconds: float = PAUSE_SECONDS) -> None:
    """Make a started ``AIOKafkaConsumer`` say what its coordination met, and join again after ``pause_seconds``."""
    coordinator = consumer._coordinator

    async def said(error: Exception) -> None:
        log.error(
            "consumer.coordination_failed",
            group=coordinator.group_id,
            error=repr(error),
            remedy="the worker joins again by itself; when this line keeps coming, check the broker's log and this "
            "client's right to the group",
        )
        coordinator._subscription.abort_waiters(error)
        coordinator.request_rejoin()  # else a heartbeat that has ended with the error is never begun again
        await asyncio.wait([coordinator._closing], timeout=pause_seconds)

    coordinator._push_error_to_user = said
