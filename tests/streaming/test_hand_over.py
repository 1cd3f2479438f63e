from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.streaming.hand_over import GRACE_SECONDS, STILL_SECONDS, let_go_in_time, nothing_in_work


class Record:
    """A delivered record; whoever works on it holds it."""

    topic = "support.messages.raw"
    acked = False
    itself: Record | None = None


@dataclass
class Consumer:
    """What a hand-over looks at: the delivered records that nobody has acknowledged."""

    should_stop: bool = False
    _unacked_messages: weakref.WeakSet[Record] = field(default_factory=weakref.WeakSet)

    def _clean_unacked_messages(self) -> None:
        self._unacked_messages -= {record for record in self._unacked_messages if record.acked}


@pytest.fixture
def collections() -> Iterator[list[str]]:
    """Give what the garbage collector does, as it begins to do it."""
    seen: list[str] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            seen.append(phase)

    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)


async def test_work_that_ends_by_itself_is_not_let_go():
    let_go: list[int] = []

    await let_go_in_time(asyncio.sleep(0.01), [lambda: let_go.append(1)])
    await asyncio.sleep(GRACE_SECONDS + 0.05)

    assert let_go == []


async def test_work_is_let_go_after_a_moment_again_and_again_until_nothing_is_waited_for():
    done = asyncio.Event()
    let_go: list[float] = []
    clock = asyncio.get_running_loop().time
    began = clock()

    def let_one_go() -> None:
        let_go.append(clock() - began)
        if len(let_go) == 3:
            done.set()

    await let_go_in_time(_wait(done), [let_one_go])

    assert len(let_go) == 3
    assert let_go[0] > GRACE_SECONDS - 0.01


async def test_what_the_waiting_raises_is_raised_and_nothing_is_let_go_any_more():
    async def fail() -> None:
        raise OSError("the broker is away")

    with pytest.raises(OSError, match="away"):
        await let_go_in_time(fail(), [])
    assert len(asyncio.all_tasks()) <= 2  # this one, and the cancelled one that has yet to notice


async def _wait(done: asyncio.Event) -> None:
    await done.wait()


async def test_the_last_acknowledgement_ends_the_wait_and_no_record_costs_a_collection(collections: list[str]):
    consumer, records = Consumer(), [Record() for _ in range(80)]
    consumer._unacked_messages.update(records)
    waiting = asyncio.create_task(nothing_in_work(consumer))
    while records:
        await asyncio.sleep(0.002)
        assert not waiting.done()
        consumer._unacked_messages.discard(records.pop())
    await asyncio.wait_for(waiting, 20)
    assert collections == []


async def test_a_dropped_record_in_a_cycle_is_not_waited_for_long():
    consumer, dropped = Consumer(), Record()
    dropped.itself = dropped
    consumer._unacked_messages.add(dropped)
    del dropped
    await asyncio.wait_for(nothing_in_work(consumer), STILL_SECONDS + 20)


async def test_a_record_marked_as_done_elsewhere_is_not_waited_for_long():
    consumer, done = Consumer(), Record()
    done.acked = True
    consumer._unacked_messages.add(done)
    await asyncio.wait_for(nothing_in_work(consumer), STILL_SECONDS + 20)


async def test_a_stop_ends_the_wait():
    consumer, kept = Consumer(), Record()
    consumer._unacked_messages.add(kept)
    waiting = asyncio.create_task(nothing_in_work(consumer))
    await asyncio.sleep(0.03)
    consumer.should_stop = True
    await asyncio.wait_for(waiting, 20)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["acknowledged", "dropped", "abandoned"]), max_size=12))
async def test_whatever_becomes_of_the_records_the_wait_ends_with_the_last(fates: list[str]):
    consumer, held = Consumer(), [Record() for _ in fates]
    consumer._unacked_messages.update(held)
    waiting = asyncio.create_task(nothing_in_work(consumer))
    for fate in fates:
        await asyncio.sleep(0)
        assert not waiting.done()
        record = held.pop()
        if fate != "dropped":
            consumer._unacked_messages.discard(record)
        del record
    await asyncio.wait_for(waiting, 20)
