from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.streaming import lease as module
from signalstream.streaming.lease import Lease, elapsed, renew_by_membership, until_held
from signalstream.streaming.pool import Abandoned

SESSION = 6.0


@dataclass
class Clock:
    """A monotonic clock that moves when it is told to."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Coordinator:
    """A group coordinator's client: each heartbeat takes ``seconds`` and is answered or not."""

    clock: Clock
    answers: bool = True
    seconds: float = 0.0
    joined: list[tuple[object, ...]] = field(default_factory=list)

    async def _do_heartbeat(self) -> bool:
        self.clock.now += self.seconds
        return self.answers

    async def _do_rejoin_group(self, subscription: object) -> bool:
        self.clock.now += self.seconds
        await self._on_join_complete(2, "member")
        return True

    async def _on_join_complete(self, *generation: object) -> None:
        self.joined.append(generation)


def test_before_the_first_join_there_is_nothing_to_lose() -> None:
    assert Lease(SESSION, Clock()).held


def test_it_runs_out_while_the_machine_is_suspended() -> None:
    assert Lease(SESSION).clock is elapsed
    assert getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC) == module.CLOCK


@given(renewed=st.floats(0, 1_000), passed=st.floats(0, 20))
def test_a_lease_is_held_for_exactly_one_session(renewed: float, passed: float) -> None:
    clock = Clock(renewed)
    lease = Lease(SESSION, clock)
    lease.renew(renewed)
    clock.now = renewed + passed
    assert lease.held == (clock.now - renewed < SESSION)


def test_an_answer_that_comes_late_does_not_shorten_it() -> None:
    clock = Clock()
    lease = Lease(SESSION, clock)
    lease.renew(clock.now)
    lease.renew(clock.now - 50)
    assert lease.held


async def test_an_answered_heartbeat_renews_it_from_when_it_was_sent() -> None:
    clock = Clock()
    lease, coordinator = Lease(SESSION, clock), Coordinator(clock, seconds=5.0)
    renew_by_membership(SimpleNamespace(_coordinator=coordinator), lease)
    assert await coordinator._do_heartbeat()
    assert lease.held
    clock.now += 1.0
    assert not lease.held  # six seconds from the sending, one from the answer


async def test_a_frozen_worker_has_none_when_it_wakes_up_until_it_has_joined_again() -> None:
    clock = Clock()
    lease, coordinator = Lease(SESSION, clock), Coordinator(clock)
    renew_by_membership(SimpleNamespace(_coordinator=coordinator), lease)
    await coordinator._do_heartbeat()
    clock.now += 12
    assert not lease.held
    coordinator.answers = False  # the broker does not know this member any more
    assert not await coordinator._do_heartbeat()
    assert not lease.held
    assert await coordinator._do_rejoin_group("topics")
    assert lease.held
    assert coordinator.joined == [(2, "member")]


async def test_a_worker_that_was_frozen_while_it_joined_has_none_until_a_heartbeat_is_answered() -> None:
    clock = Clock()
    lease, coordinator = Lease(SESSION, clock), Coordinator(clock, seconds=12)
    renew_by_membership(SimpleNamespace(_coordinator=coordinator), lease)
    await coordinator._do_rejoin_group("topics")
    assert not lease.held
    coordinator.seconds = 0
    await coordinator._do_heartbeat()
    assert lease.held


async def test_work_waits_for_a_lease_that_comes_back_and_is_let_go_when_the_partition_went() -> None:
    clock = Clock()
    lease = Lease(SESSION, clock)
    lease.renew(clock.now - 2 * SESSION)
    waiting = asyncio.create_task(until_held(lease, lambda: True))
    await asyncio.sleep(3 * module.LOOK_SECONDS)
    assert not waiting.done()
    lease.renew(clock.now)
    await asyncio.wait_for(waiting, 1)
    clock.now += SESSION
    with pytest.raises(Abandoned):
        await until_held(lease, lambda: False)
