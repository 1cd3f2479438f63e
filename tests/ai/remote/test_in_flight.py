from __future__ import annotations

import asyncio

import pytest

from signalstream.ai.remote.in_flight import InFlight
from tests.virtual_time import in_virtual_time


def test_no_more_than_the_limit_are_in_flight_and_who_comes_first_goes_first() -> None:
    async def main() -> None:
        places, order, most = InFlight(3), [], 0

        async def call(number: int) -> None:
            nonlocal most
            async with places.place():
                order.append(number)
                most = max(most, places.taken)
                await asyncio.sleep(1.0)

        calls = [asyncio.create_task(call(number)) for number in range(20)]
        await asyncio.sleep(0.5)
        assert (places.taken, places.waiting) == (3, 17)
        await asyncio.gather(*calls)
        assert (most, order) == (3, list(range(20)))
        assert (places.taken, places.waiting) == (0, 0)

    in_virtual_time(main())


def test_a_place_is_given_back_by_a_call_that_fails_and_by_one_that_is_cancelled_while_it_waits() -> None:
    async def main() -> None:
        places = InFlight(1)
        with pytest.raises(ZeroDivisionError):
            async with places.place():
                raise ZeroDivisionError

        async def call() -> None:
            async with places.place():
                await asyncio.sleep(10.0)

        first, second, third = (asyncio.create_task(call()) for _ in range(3))
        await asyncio.sleep(1.0)
        second.cancel()
        first.cancel()
        await third
        assert (places.taken, places.waiting) == (0, 0)

    in_virtual_time(main())
