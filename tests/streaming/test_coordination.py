"""An error in a group's coordination is said and outlived; upstream's stops there, and nobody is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import (
    CommitFailedError,
    GroupAuthorizationFailedError,
    GroupLoadInProgressError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from signalstream.streaming.coordination import outlive_denied_commits, outlive_errors, remedy_of

CLUSTER = SimpleNamespace(add_listener=lambda _: None, partitions_for_topic=lambda _: {0})


class Coordinator(GroupCoordinator):  # type: ignore[misc]  # mypy is told to skip aiokafka
    """aiokafka's, whose broker answers its first ``failures`` joins with an error that it does not know."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.joins = 0
        subscription = SubscriptionState()
        subscription.subscribe({"support.messages.raw"})
        subscription.register_fetch_waiters(set())
        super().__init__(SimpleNamespace(cluster=CLUSTER), subscription, retry_backoff_ms=1, enable_auto_commit=False)

    async def ensure_coordinator_known(self) -> None:
        """Know it."""

    async def ensure_active_group(self, subscription: Any, prev_assignment: Any) -> Any:
        self.joins += 1
        if self.joins <= self.failures:
            raise KafkaError(repr(GroupLoadInProgressError()))
        if subscription.assignment is None:
            self._subscription.assign_from_subscribed([])
        self._rejoin_needed_fut = asyncio.get_running_loop().create_future()
        return subscription.assignment

    async def _maybe_leave_group(self) -> None:
        """There is no broker to tell."""


@asynccontextmanager
async def coordinating(failures: int) -> AsyncIterator[Coordinator]:
    coordinator = Coordinator(failures)
    try:
        yield coordinator
    finally:
        await coordinator.close()


async def test_upstream_stops_at_an_error_for_ever() -> None:
    async with coordinating(failures=1) as coordinator:
        await asyncio.sleep(0.2)
        assert coordinator.joins == 1


async def test_ours_says_it_and_joins_again() -> None:
    with structlog.testing.capture_logs() as lines:
        async with coordinating(failures=2) as coordinator:
            outlive_errors(SimpleNamespace(_coordinator=coordinator), pause_seconds=0.01)
            await asyncio.sleep(0.2)
            assert coordinator.joins >= 3
            assert coordinator._subscription.subscription.assignment is not None
    assert [line["log_level"] for line in lines] == ["error", "error"]
    assert "GroupLoadInProgressError" in lines[0]["error"]


async def test_who_waits_for_records_is_not_ended_by_the_error() -> None:
    async with coordinating(failures=1) as coordinator:
        waiter = asyncio.get_running_loop().create_future()
        coordinator._subscription.register_fetch_waiters({waiter})
        outlive_errors(SimpleNamespace(_coordinator=coordinator), pause_seconds=0.01)
        await asyncio.sleep(0.2)
        assert not waiter.done()


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (GroupAuthorizationFailedError("a-group"), "READ on the group a-group"),
        (TopicAuthorizationFailedError({"a-topic"}), "READ on the topic a-topic"),
        (GroupLoadInProgressError(), "look at the broker's log"),
    ],
)
def test_an_error_says_which_right_is_missing(error: KafkaError, named: str) -> None:
    assert named in remedy_of(error, "a-group")


async def test_a_commit_without_the_right_to_it_is_said_and_is_for_upstream_one_that_came_too_late() -> None:
    answers: list[KafkaError | None] = [GroupAuthorizationFailedError("a-group"), None]
    denied: list[bool] = []

    async def commit(offsets: Any) -> None:
        if (answer := answers.pop(0)) is not None:
            raise answer

    consumer = SimpleNamespace(commit=commit, _group_id="a-group")
    outlive_denied_commits(consumer, denied.append)
    with structlog.testing.capture_logs() as lines, pytest.raises(CommitFailedError, match="already rebalanced"):
        await consumer.commit({})
    assert "READ on the group a-group" in lines[0]["remedy"]
    assert denied[-1]
    await consumer.commit({})
    assert not denied[-1]


async def test_a_close_does_not_wait_for_the_pause() -> None:
    async with asyncio.timeout(5), coordinating(failures=1) as coordinator:
        outlive_errors(SimpleNamespace(_coordinator=coordinator), pause_seconds=60)
        await asyncio.sleep(0.05)
