"""One loop: a service that believes that it is a thread lives, fails and ends on the loop that made it."""

from __future__ import annotations

import asyncio
import threading

import pytest
from mode.threads import QueueServiceThread

from signalstream.streaming.one_loop import Calls, LoopWorker


class Fetching(QueueServiceThread):
    """A service of the kind that Faust's consumer is."""

    def __init__(self, failure: Exception | None = None) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(loop=loop, thread_loop=loop, Worker=LoopWorker)  # type: ignore[arg-type] # as good as one
        self.failure = failure
        self.threads: list[threading.Thread] = []

    async def on_start(self) -> None:
        self.threads.append(threading.current_thread())
        if self.failure is not None:
            raise self.failure

    async def on_thread_stop(self) -> None:
        self.threads.append(threading.current_thread())
        await super().on_thread_stop()

    async def _gather_remaining_tasks(self) -> None:
        """Cancel nobody else's."""

    def on_crash(self, msg: str, *fmt: object, **kwargs: object) -> None:
        """Print nothing."""


async def test_it_starts_and_ends_in_the_thread_of_its_loop():
    fetching, threads = Fetching(), threading.active_count()

    await fetching.start()
    assert fetching.threads == [threading.current_thread()]
    assert threading.active_count() == threads
    await asyncio.wait_for(fetching.stop(), 5)

    assert fetching.threads == [threading.current_thread()] * 2


async def test_what_fails_at_its_start_fails_who_starts_it_and_leaves_nothing_to_wait_for():
    fetching = Fetching(failure=OSError("no broker"))

    with pytest.raises(OSError, match="no broker"):
        await asyncio.wait_for(fetching.start(), 5)
    await asyncio.wait_for(fetching.stop(), 5)


async def test_a_call_gives_what_it_returns_and_raises_what_it_raises():
    async def doubled(number: int, *, plus: int = 0) -> int:
        await asyncio.sleep(0)
        return 2 * number + plus

    async def failing() -> None:
        raise ValueError("no such offset")

    calls = Calls()

    assert await calls.call(doubled, 3, plus=1) == 7
    assert await calls.call(len, "four") == 4
    with pytest.raises(ValueError, match="no such offset"):
        await calls.call(failing)


async def test_a_call_whose_caller_has_gone_goes_on_to_its_end():
    may_end, ended = asyncio.Event(), asyncio.Event()

    async def fetch() -> None:
        await may_end.wait()
        ended.set()

    waiting = asyncio.create_task(Calls().call(fetch))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    may_end.set()

    await asyncio.wait_for(ended.wait(), 5)


async def test_a_failure_that_nobody_waits_for_any_more_is_no_noise(recwarn):
    heard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))

    async def failing() -> None:
        await asyncio.sleep(0)
        raise ValueError("too late")

    waiting = asyncio.create_task(Calls().call(failing))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0.01)

    assert heard == []
    assert list(recwarn) == []
