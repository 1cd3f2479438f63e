from __future__ import annotations

import asyncio

import pytest

from signalstream.streaming.hand_over import GRACE_SECONDS, let_go_in_time


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
