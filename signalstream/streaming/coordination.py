"""A consumer whose group coordination goes on after an error.

aiokafka's coordination stops at an error that it does not know, such as a heartbeat answered with "the coordinator is
loading" by a broker that has just started, and waits until the user's next ``getmany`` has raised it. Faust fetches
past that method, so nobody ever does: the member is expelled, never joins again, and no line says so. Here the error
is logged and the group joined anew; a denied commit, at which upstream crashes, waits for its right. Related:
faust-streaming #175, #532.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiokafka.errors import CommitFailedError, GroupAuthorizationFailedError, TopicAuthorizationFailedError

PAUSE_SECONDS = 1.0
log = structlog.get_logger()


def outlive_errors(consumer: Any, pause_seconds: float = PAUSE_SECONDS) -> None:
    """Make a started ``AIOKafkaConsumer`` say what its coordination met, and join again after ``pause_seconds``.

    Who waits for records or an assignment goes on waiting: upstream's way ends their wait with the error, at which
    Faust's fetcher crashes.
    """
    coordinator = consumer._coordinator

    async def said(error: Exception) -> None:
        log.error(
            "consumer.coordination_failed",
            group=coordinator.group_id,
            error=repr(error),
            remedy=remedy_of(error, coordinator.group_id),
        )
        coordinator.request_rejoin()  # else a heartbeat that has ended with the error is never begun again
        await asyncio.wait([coordinator._closing], timeout=pause_seconds)

    coordinator._push_error_to_user = said


def outlive_denied_commits(consumer: Any, denied: Callable[[bool], None]) -> None:
    """Make a started ``AIOKafkaConsumer`` say that it may not commit; ``denied`` is told of each commit whether it was.

    Upstream crashes, also when a right is gone for a moment. It takes an error of this wording for a commit that came
    too late, which is as harmless: what is not committed is delivered again.
    """
    commit = consumer.commit

    async def committed(offsets: Any = None) -> None:
        denied(False)
        try:
            await commit(offsets)
        except (GroupAuthorizationFailedError, TopicAuthorizationFailedError) as error:
            denied(True)
            group = consumer._group_id
            log.error("consumer.commit_denied", group=group, error=repr(error), remedy=remedy_of(error, group))  # noqa: TRY400 - a traceback tells no more
            raise CommitFailedError("already rebalanced, or not allowed to commit") from error

    consumer.commit = committed


def remedy_of(error: BaseException, group: str) -> str:
    """Say what to do about an error of a group's coordination."""
    denied = "grant this client the right {} (docs/SETUP.md, A secured Kafka); the worker joins again by itself then"
    if isinstance(error, GroupAuthorizationFailedError):
        return denied.format(f"READ on the group {group}")
    if isinstance(error, TopicAuthorizationFailedError):
        named = error.args[0] if error.args else ()
        names = [named] if isinstance(named, str) else sorted(named)
        return denied.format(f"READ on the topic {', '.join(names) or 'that the group reads'}")
    return "the worker joins again by itself; when this line keeps coming, look at the broker's log"
