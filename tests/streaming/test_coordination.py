"""An error in a group's coordination is said and outlived; upstream's stops there, and nobody is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import structlog
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import GroupLoadInProgressError, KafkaError

from signalstream.streaming.coordination import outlive_errors

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


async def test_a_close_does_not_wait_for_the_pause() -> None:
    async with asyncio.timeout(5), coordinating(failures=1) as coordinator:
        outlive_errors(SimpleNamespace(_coordinator=coordinator), pause_seconds=60)
        await asyncio.sleep(0.05)
