"""Run a coroutine as far as it goes without a task of its own.

Upstream races every record's delivery with the suspension of the flow: four tasks and an ``asyncio.wait`` for each
record, although delivery to a buffer with room never waits. Stepped once, it is done in nearly every case; only what
really waits becomes a task and is raced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class OverdueError(Exception):
    """Raised by ``within``; a TimeoutError would look like one of the coroutine's own."""


def step(coroutine: Coroutine[Any, Any, None]) -> Coroutine[Any, Any, None] | None:
    """Run ``coroutine`` up to where it first waits; return the rest of it, or None when it has ended."""
    try:
        waiting_for = coroutine.send(None)
    except StopIteration:
        return None
    return _rest(_Resumed(coroutine, waiting_for))


async def within(coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
    """Return what ``coroutine`` returns, or raise OverdueError when it takes longer. A timer only for what waits."""
    try:
        waiting_for = coroutine.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    try:
        async with asyncio.timeout(seconds) as deadline:
            return await _Resumed(coroutine, waiting_for)
    except TimeoutError:
        if deadline.expired():
            raise OverdueError from None
        raise  # one of the coroutine's own


async def settled(future: asyncio.Future[Any]) -> None:
    """Return once ``future`` is done, however it ended. ``asyncio.wait`` does the same at several times the cost."""
    if future.done():
        return
    waiter = asyncio.get_running_loop().create_future()

    def wake(_: asyncio.Future[Any]) -> None:
        if not waiter.done():
            waiter.set_result(None)

    future.add_done_callback(wake)
    try:
        await waiter
    finally:
        future.remove_done_callback(wake)


async def _rest(resumed: _Resumed[None]) -> None:
    await resumed


class _Resumed(Generic[T]):
    """A coroutine that has yielded already, as something to await: it yields the same again, then goes on."""

    def __init__(self, coroutine: Coroutine[Any, Any, T], waiting_for: Any) -> None:
        self._coroutine = coroutine
        self._waiting_for = waiting_for

    def __await__(self) -> Generator[Any, Any, T]:
        waiting_for = self._waiting_for
        while True:
            try:
                sent = yield waiting_for
            except BaseException as error:  # noqa: BLE001 - a cancellation belongs to the coroutine as any error does
                advance: Any = self._coroutine.throw
                given: Any = error
            else:
                advance, given = self._coroutine.send, sent
            try:
                waiting_for = advance(given)
            except StopIteration as ended:
                result: T = ended.value
                return result
