"""Batches: every caller gets the result of its own text, whoever else asks, fails or leaves."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.local.batching import Batches
from signalstream.errors import AnalystUnavailableError


class Model:
    """A model that answers in capitals, refuses batches with ``bad`` in them, and can be held."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.go = threading.Event()
        self.go.set()
        self.threads: set[str] = set()

    def run(self, texts: Sequence[str]) -> list[str]:
        self.batches.append(list(texts))
        self.threads.add(threading.current_thread().name)
        assert self.go.wait(10)
        if "bad" in texts:
            raise ValueError("no such text")
        return [text.upper() for text in texts]


@asynccontextmanager
async def running(run: Callable[[Sequence[str]], Sequence[str]], **sizes: int) -> AsyncIterator[Batches[str]]:
    batches = Batches("test", run, **sizes)
    batches.start()
    try:
        yield batches
    finally:
        await batches.stop()


async def held(model: Model, batches: Batches[str]) -> asyncio.Task[str]:
    """Let the thread wait within a first batch, so that what follows gathers."""
    model.go.clear()
    first = asyncio.create_task(batches.submit("first"))
    while not model.batches:
        await asyncio.sleep(0.001)
    return first


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=20).filter(lambda text: text != "bad"), max_size=80), st.integers(1, 9))
async def test_everyone_gets_the_result_of_the_own_text(texts: list[str], largest: int) -> None:
    model = Model()
    async with running(model.run, largest=largest, waiting=13) as batches:
        assert await asyncio.gather(*(batches.submit(text) for text in texts)) == [text.upper() for text in texts]
    assert all(len(batch) <= largest for batch in model.batches)


async def test_a_text_that_comes_alone_runs_alone_at_once() -> None:
    model = Model()
    async with running(model.run) as batches:
        assert await batches.submit("one") == "ONE"
        assert await batches.submit("two") == "TWO"
    assert model.batches == [["one"], ["two"]]


async def test_texts_that_come_meanwhile_gather_sorted_by_length() -> None:
    model = Model()
    async with running(model.run, largest=3) as batches:
        first = await held(model, batches)
        rest = [asyncio.create_task(batches.submit("x" * size)) for size in (5, 1, 4, 2, 3)]
        await asyncio.sleep(0)
        model.go.set()
        await asyncio.gather(first, *rest)
    assert model.batches == [["first"], ["x", "xx", "xxx"], ["xxxx", "xxxxx"]]


async def test_a_batch_that_fails_fails_its_own_callers_only() -> None:
    model = Model()
    async with running(model.run, largest=2) as batches:
        first = await held(model, batches)
        rest = [asyncio.create_task(batches.submit(text)) for text in ("a", "bad", "bb", "cccc", "dddd")]
        await asyncio.sleep(0)
        model.go.set()
        results = await asyncio.gather(first, *rest, return_exceptions=True)
    assert model.batches == [["first"], ["a", "bb"], ["bad", "cccc"], ["dddd"]]
    assert [type(result) for result in results] == [str, str, ValueError, str, ValueError, str]


async def test_a_model_that_answers_too_little_fails_its_callers() -> None:
    async with running(lambda texts: []) as batches:
        with pytest.raises(ValueError, match="zip"):
            await batches.submit("text")


async def test_callers_who_leave_cost_nothing_and_harm_nobody() -> None:
    model = Model()
    async with running(model.run) as batches:
        first = await held(model, batches)
        gone, kept = (asyncio.create_task(batches.submit(text)) for text in ("gone", "kept"))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        model.go.set()
        assert await first == "FIRST"
        assert await kept == "KEPT"
    assert model.batches == [["first"], ["kept"]]


async def test_the_event_loop_goes_on_while_the_model_works() -> None:
    model = Model()
    async with running(model.run) as batches:
        first = await held(model, batches)
        assert not first.done()  # this line runs while the model is held
        model.go.set()
        await first
    assert model.threads == {"model-test"}


async def test_what_waits_when_it_stops_is_told_so() -> None:
    model = Model()
    batches = Batches("test", model.run)
    batches.start()
    first = await held(model, batches)
    late = asyncio.create_task(batches.submit("late"))
    await asyncio.sleep(0)
    stopping = asyncio.create_task(batches.stop())
    await asyncio.sleep(0.05)
    model.go.set()
    await stopping
    assert await first == "FIRST"
    with pytest.raises(AnalystUnavailableError, match="test is not running"):
        await late


async def test_without_a_start_nobody_waits() -> None:
    with pytest.raises(AnalystUnavailableError, match="must be started"):
        await Batches("test", Model().run).submit("text")


async def test_while_a_model_computes_and_only_then_threads_hand_the_interpreter_over_quickly() -> None:
    seen: list[float] = []

    def run(texts: Sequence[str]) -> list[str]:
        seen.append(sys.getswitchinterval())
        if "bad" in texts:
            raise ValueError("no such text")
        return list(texts)

    usual = sys.getswitchinterval()
    async with running(run) as batches:
        await batches.submit("a text")
        with pytest.raises(ValueError, match="no such text"):
            await batches.submit("bad")
    assert max(seen) <= 0.0005
    assert sys.getswitchinterval() == usual == pytest.approx(0.005)
