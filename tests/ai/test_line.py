from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.line import Line
from signalstream.errors import AnalystOverloadedError
from tests.virtual_time import in_virtual_time


def now() -> float:
    return asyncio.get_running_loop().time()


async def work(line: Line, seconds: float, until: float) -> float | None:
    """Return when a place was had, or None for none in time."""
    try:
        await line.enter(until)
    except AnalystOverloadedError:
        return None
    had = now()
    try:
        await asyncio.sleep(seconds)
    finally:
        line.leave()
    return had


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4),
    st.lists(
        st.tuples(st.floats(0, 3), st.floats(0.1, 2), st.floats(0, 4), st.one_of(st.none(), st.floats(0, 3))),
        max_size=30,
    ),
)
def test_no_more_than_the_places_are_taken_none_is_given_late_and_none_is_lost(places, workers):
    async def law() -> None:
        line, begun, taken, most = Line(places), now(), 0, 0

        async def one(after: float, seconds: float, patience: float, gives_up: float | None) -> None:
            nonlocal taken, most
            await asyncio.sleep(after)
            until = now() + patience
            try:
                async with asyncio.timeout(gives_up):
                    await line.enter(until)
            except (TimeoutError, AnalystOverloadedError):
                return
            assert now() <= until
            taken, most = taken + 1, max(most, taken + 1)
            await asyncio.sleep(seconds)
            taken -= 1
            line.leave()

        await asyncio.gather(*(one(*each) for each in workers))
        assert most <= places
        assert line.waiting == 0
        free = [await asyncio.wait_for(work(line, 0.0, begun + 100), 1) for _ in range(places)]
        assert None not in free

    in_virtual_time(law())


def test_places_are_given_in_the_order_of_coming():
    async def law() -> None:
        line = Line(1)
        had = await asyncio.gather(*(work(line, 1.0, now() + 100) for _ in range(5)))
        assert [one - had[0] for one in had if one is not None and had[0] is not None] == [0, 1, 2, 3, 4]

    in_virtual_time(law())


def test_who_would_wait_too_long_learns_so_at_once():
    async def law() -> None:
        line = Line(1)
        first = [asyncio.create_task(work(line, 1.0, now() + 100)) for _ in range(60)]
        await asyncio.sleep(30.5)  # by now it is known that a place becomes free each second, and 29 wait

        began = now()
        assert await work(line, 1.0, began + 15) is None
        assert now() == began
        assert await work(line, 1.0, began + 60) is not None
        await asyncio.gather(*first)

    in_virtual_time(law())


def test_one_that_learnt_of_slow_places_sees_that_they_have_become_quick():
    async def law() -> None:
        line = Line(1)
        await asyncio.gather(*(work(line, 10.0, now() + 100) for _ in range(4)))

        quick = await asyncio.gather(*(work(line, 0.01, now() + 5) for _ in range(3)))
        await asyncio.gather(*(work(line, 0.01, now() + 5) for _ in range(3)))
        later = await asyncio.gather(*(work(line, 0.01, now() + 5) for _ in range(2)))
        assert quick[:2].count(None) == 0
        assert None not in later

    in_virtual_time(law())


def test_without_a_limit_one_waits_as_long_as_it_takes():
    async def law() -> None:
        line = Line(1)
        await line.enter()
        asyncio.get_running_loop().call_later(3_600, line.leave)
        await line.enter()
        with pytest.raises(AnalystOverloadedError, match="overloaded"):
            await line.enter(now() + 1)

    in_virtual_time(law())
