from __future__ import annotations

import asyncio

import pytest

from signalstream.streaming.stepping import OverdueError, step, within


async def test_what_never_waits_is_done_at_once() -> None:
    done: list[int] = []

    async def work() -> None:
        done.append(1)

    assert step(work()) is None
    assert done == [1]


async def test_what_waits_goes_on_as_a_task_where_it_stopped() -> None:
    gate = asyncio.Event()
    seen: list[str] = []

    async def work() -> None:
        seen.append("before")
        await gate.wait()
        await asyncio.sleep(0)
        seen.append("after")

    rest = step(work())
    assert rest is not None
    assert seen == ["before"]
    task = asyncio.create_task(rest)
    await asyncio.sleep(0.01)
    assert seen == ["before"]
    gate.set()
    await task
    assert seen == ["before", "after"]


async def test_what_was_waited_for_may_be_over_before_the_task_begins() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        await future

    rest = step(work())
    assert rest is not None
    future.set_result(None)
    await asyncio.wait_for(rest, 1)


async def test_an_error_before_and_after_the_wait_reaches_the_caller() -> None:
    async def at_once() -> None:
        raise ZeroDivisionError

    async def later() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        step(at_once())
    rest = step(later())
    assert rest is not None
    with pytest.raises(ZeroDivisionError):
        await rest


async def test_a_cancellation_reaches_the_coroutine() -> None:
    cleaned: list[bool] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    rest = step(work())
    assert rest is not None
    task = asyncio.create_task(rest)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == [True]


async def test_within_its_time_a_coroutine_returns_its_result_whether_it_waits_or_not() -> None:
    async def at_once() -> int:
        return 1

    async def later() -> int:
        await asyncio.sleep(0)
        return 2

    assert await within(at_once(), 0.001) == 1
    assert await within(later(), 1) == 2


async def test_after_its_time_a_coroutine_is_cancelled_and_overdue_and_a_timeout_of_its_own_is_not() -> None:
    cleaned: list[bool] = []

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    async def impatient() -> None:
        await asyncio.sleep(0)
        raise TimeoutError

    with pytest.raises(OverdueError):
        await within(never(), 0.01)
    assert cleaned == [True]
    with pytest.raises(TimeoutError):
        await within(impatient(), 1)
