from __future__ import annotations

import asyncio

import pytest

from signalstream.ai.remote.under_way import UnderWay
from tests.virtual_time import in_virtual_time


def now() -> float:
    return asyncio.get_running_loop().time()


async def waiting(calls: UnderWay, deadline: float) -> float:
    """Wait for ever within a call; return when it was broken off."""
    with pytest.raises(TimeoutError):
        async with calls.until(deadline):
            await asyncio.Event().wait()
    return now()


def test_a_call_is_broken_off_at_its_deadline() -> None:
    async def main() -> None:
        assert await waiting(UnderWay(), now() + 5.0) == 1_005.0

    in_virtual_time(main())


def test_all_that_is_under_way_is_let_go_of_at_once_and_what_comes_later_is_not() -> None:
    async def main() -> None:
        calls = UnderWay()
        early = [asyncio.create_task(waiting(calls, now() + 60.0)) for _ in range(3)]
        await asyncio.sleep(2.0)
        calls.let_go()
        calls.let_go()
        assert await asyncio.gather(*early) == [1_002.0] * 3
        assert await waiting(calls, now() + 5.0) == 1_007.0

    in_virtual_time(main())


def test_a_call_that_ends_in_time_is_not_broken_off_later() -> None:
    async def main() -> None:
        calls = UnderWay()
        async with calls.until(now() + 5.0):
            await asyncio.sleep(1.0)
        calls.let_go()
        await asyncio.sleep(10.0)

    in_virtual_time(main())
