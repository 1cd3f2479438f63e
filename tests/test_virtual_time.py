from __future__ import annotations

import asyncio
import time

import pytest

from tests.virtual_time import in_virtual_time


def test_an_hour_passes_in_no_time_and_in_order() -> None:
    async def wait() -> list[tuple[str, float]]:
        loop, seen = asyncio.get_running_loop(), []
        began = loop.time()

        async def after(seconds: float, name: str) -> None:
            await asyncio.sleep(seconds)
            seen.append((name, round(loop.time() - began, 6)))

        await asyncio.gather(after(3600, "late"), after(0.25, "soon"))
        return seen

    started = time.perf_counter()
    assert in_virtual_time(wait()) == [("soon", 0.25), ("late", 3600.0)]
    assert time.perf_counter() - started < 10


def test_a_wait_that_nothing_would_end_is_an_error_and_no_hang() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="no timer"):
        in_virtual_time(never())
