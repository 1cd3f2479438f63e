"""Old objects are looked at in quiet moments, and in spite of load only when that has been put off for long."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass, field

from signalstream.streaming.garbage import DUE, EVERY_SECONDS, LOOKS_UNTIL_ALL, OVERDUE, OldGarbage
from signalstream.streaming.load import Load


@dataclass
class Worker:
    """A thread that is busy for ``share`` of its time, and a collector that notes at what it looked."""

    share: float
    young: int = 0
    now: float = 100.0
    computed: float = 5.0
    looked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        load = Load(lambda: self.computed, lambda: self.now)
        self.garbage = OldGarbage(load, self._collect, lambda: self.young)

    def seconds(self, number: int) -> list[int]:
        for _ in range(number):
            self.garbage.look()
            self.now += EVERY_SECONDS
            self.computed += EVERY_SECONDS * self.share
            self.young += 50
        return self.looked

    def _collect(self, generation: int) -> int:
        self.looked.append(generation)
        self.young = 0
        return 0


def test_a_quiet_worker_looks_as_soon_as_it_is_worth_it() -> None:
    assert Worker(share=0.1).seconds(DUE // 50) == []
    assert Worker(share=0.1).seconds(DUE // 50 + 1) == [1]


def test_a_busy_one_puts_it_off_but_not_for_ever() -> None:
    busy = Worker(share=0.9)
    assert busy.seconds(OVERDUE // 50) == []
    assert busy.seconds(1) == [1]


def test_each_tenth_look_is_at_everything() -> None:
    looked = Worker(share=0.1).seconds(50)
    assert looked[:LOOKS_UNTIL_ALL] == [1] * (LOOKS_UNTIL_ALL - 1) + [2]


async def test_it_watches_for_as_long_as_the_loop_runs() -> None:
    asked: list[float] = []

    def young() -> int:
        asked.append(asyncio.get_running_loop().time())
        return 0

    OldGarbage(young_looks=young).watch(asyncio.get_running_loop())
    await asyncio.sleep(2.5 * EVERY_SECONDS)
    assert len(asked) == 3


def test_what_start_up_made_is_not_looked_at_again() -> None:
    program = """
import asyncio, gc
from signalstream.streaming.garbage import settle_garbage
async def start():
    settle_garbage()
    print(gc.get_freeze_count() > 1000, gc.get_threshold()[0])
asyncio.run(start())
"""
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "True 700"
