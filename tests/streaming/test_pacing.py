"""Fetches keep their distance, and one that still waits for its turn can be thrown away."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from signalstream.streaming.pacing import pace_fetches


class Fetcher:
    """aiokafka's fetcher, as far as pacing touches it: notes when each fetch went out."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, float]] = []

    async def _proc_fetch_request(self, assignment: Any, node_id: int, request: Any) -> bool:
        self.sent.append((node_id, asyncio.get_running_loop().time()))
        return True


def _paced(seconds: float) -> Fetcher:
    fetcher = Fetcher()
    pace_fetches(SimpleNamespace(_fetcher=fetcher), seconds)
    return fetcher


async def test_two_fetches_from_one_node_keep_their_distance() -> None:
    fetcher = _paced(0.05)
    for _ in range(3):
        assert await fetcher._proc_fetch_request(None, 1, None)
    times = [at for _, at in fetcher.sent]
    assert all(later - earlier >= 0.049 for earlier, later in pairwise(times))


async def test_another_node_is_not_waited_for() -> None:
    fetcher = _paced(30.0)
    async with asyncio.timeout(5):
        assert await fetcher._proc_fetch_request(None, 1, None)
        assert await fetcher._proc_fetch_request(None, 2, None)


async def test_a_fetch_cancelled_while_it_waits_ends_without_an_error_as_the_closing_fetcher_expects() -> None:
    fetcher = _paced(30.0)
    await fetcher._proc_fetch_request(None, 1, None)
    waiting = asyncio.ensure_future(fetcher._proc_fetch_request(None, 1, None))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await waiting is False
    assert len(fetcher.sent) == 1
