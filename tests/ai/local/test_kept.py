"""What is kept: work is done once, shared, tried again after a failure, and the least used is forgotten."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from signalstream.ai.local.aside import LONG_CHARACTERS, aside
from signalstream.ai.local.kept import Kept


class Work:
    """Counts how often it is done; waits until it may go on."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.go = asyncio.Event()
        self.go.set()

    async def on(self, text: str) -> str:
        self.done.append(text)
        await self.go.wait()
        if text == "bad":
            raise ValueError(text)
        return text.upper()


async def test_work_is_done_once_for_all_who_ask_now_and_later() -> None:
    work, kept = Work(), Kept[str](4)
    assert await asyncio.gather(*(kept.of("a", lambda: work.on("a")) for _ in range(3))) == ["A", "A", "A"]
    assert await kept.of("a", lambda: work.on("a")) == "A"
    assert work.done == ["a"]


async def test_one_who_leaves_takes_nothing_from_the_others() -> None:
    work, kept = Work(), Kept[str](4)
    work.go.clear()
    leaving, staying = (asyncio.create_task(kept.of("a", lambda: work.on("a"))) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    work.go.set()
    assert await staying == "A"
    assert leaving.cancelled() or leaving.cancelling()


async def test_what_failed_is_tried_again() -> None:
    work, kept = Work(), Kept[str](4)
    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            await kept.of("bad", lambda: work.on("bad"))
    assert work.done == ["bad", "bad"]


async def test_the_least_used_is_forgotten_first() -> None:
    work, kept = Work(), Kept[str](2)
    for text in ("a", "b", "a", "c", "a", "b"):
        assert await kept.of(text, partial(work.on, text)) == text.upper()
    assert work.done == ["a", "b", "c", "b"]


async def test_after_clearing_nothing_is_kept() -> None:
    work, kept = Work(), Kept[str](4)
    await kept.of("a", lambda: work.on("a"))
    kept.clear()
    await kept.of("a", lambda: work.on("a"))
    assert work.done == ["a", "a"]


@pytest.mark.parametrize("characters", [0, LONG_CHARACTERS - 1, LONG_CHARACTERS, 10_000])
async def test_work_gives_its_result_wherever_it_runs(characters: int) -> None:
    assert await aside(characters, lambda: characters + 1) == characters + 1
