from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from signalstream.agents.erased_files import ErasedFiles
from signalstream.core.arrival import MOST_SKEW
from signalstream.models.erasure import ErasureMark
from signalstream.tables.typed import TypedTable
from tests.core.analyses import BEGIN
from tests.fakes import FixedClock

DAY = timedelta(days=1)


@dataclass
class FakeFiles:
    """The files of one table in two partitions. Keys that end with an odd digit are in partition 1."""

    swept: dict[int, float] = field(default_factory=dict)
    rewritten: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    error: Exception | None = None

    def partitions_with(self, key: bytes) -> list[int]:
        return [int(key[-1:]) % 2]

    def swept_to(self, partition: int) -> float:
        return self.swept.get(partition, 0.0)

    async def rewrite(self, partition: int, first: bytes, last: bytes, swept_to: float) -> bool:
        if self.error is not None:
            raise self.error
        self.rewritten.append((partition, first, last))
        self.swept[partition] = swept_to
        return True


class World:
    """A worker's marks and the files of two tables."""

    def __init__(self) -> None:
        self.clock = FixedClock(BEGIN)
        self.marks = TypedTable({}, ErasureMark, "erasures")
        self.files = [FakeFiles(), FakeFiles()]
        self.begin()

    def begin(self) -> None:
        """Start the worker, again."""
        self.sweep = ErasedFiles(self.marks, lambda: self.files, self.clock, 0.001)

    def erase(self, key: bytes, *, told: bool = True) -> None:
        at = self.clock.now()
        mark = ErasureMark(erased_at=at, generation=1, offset=1, forget_at=at + DAY, told=told)
        self.marks.put(key, mark)


@pytest.fixture
def world() -> World:
    return World()


async def test_many_erasures_of_a_partition_are_one_rewriting_of_each_table_where_they_lie(world: World) -> None:
    assert await world.sweep.sweep() == 0
    for key in (b"acme/4", b"acme/2", b"acme/8", b"acme/3"):
        world.sweep.erased(int(key[-1:]) % 2, key)

    assert await world.sweep.sweep() == 4

    for each in world.files:
        assert each.rewritten == [(0, b"acme/2", b"acme/8\xff"), (1, b"acme/3", b"acme/3\xff")]
    assert await world.sweep.sweep() == 0


async def test_after_a_restart_only_what_was_not_swept_before_is(world: World) -> None:
    world.erase(b"acme/2")
    world.erase(b"acme/3")
    world.erase(b"acme/4", told=False)
    assert await world.sweep.sweep() == 2
    world.clock.time += MOST_SKEW + timedelta(minutes=1)
    world.begin()
    assert await world.sweep.sweep() == 2  # they had been within what clocks differ by
    world.clock.time += DAY
    world.erase(b"acme/6")
    world.begin()
    for each in world.files:
        each.rewritten.clear()

    assert await world.sweep.sweep() == 1

    assert world.files[0].rewritten == [(0, b"acme/6", b"acme/6\xff")]


async def test_a_partition_that_comes_from_elsewhere_is_looked_at(world: World) -> None:
    await world.sweep.sweep()
    world.erase(b"acme/2")
    assert await world.sweep.sweep() == 0
    world.sweep.assignment_changed()
    assert await world.sweep.sweep() == 1


@dataclass
class AppForOneTurn:
    """An app that stops after one look at it."""

    is_ready: bool = True
    turns: int = 1

    @property
    def should_stop(self) -> bool:
        self.turns -= 1
        return self.turns < 0

    async def sleep(self, _seconds: float) -> None:
        return None


async def test_what_was_interrupted_is_begun_again(world: World) -> None:
    world.erase(b"acme/2")
    world.files[1].error = Exception("Shutdown in progress")
    await world.sweep.run(AppForOneTurn())
    world.files[1].error = None
    await world.sweep.run(AppForOneTurn(is_ready=False))
    assert world.files[1].rewritten == []

    await world.sweep.run(AppForOneTurn())

    assert [len(each.rewritten) for each in world.files] == [2, 1]
