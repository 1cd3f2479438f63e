"""The encoder: one text, one vector, whoever asks and whoever leaves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest

from signalstream.ai.local.encoder import Encoder
from signalstream.ai.local.minilm import DIMENSIONS, Vectors
from signalstream.errors import AnalystUnavailableError


class Lengths:
    """A model whose vector of a text begins with the text's length. It counts what it was asked, and can be held."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = threading.Event()
        self.go.set()

    def run(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        assert self.go.wait(10)
        if "bad" in texts:
            raise ValueError("no such text")
        rows = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        rows[:, 0] = [len(text) for text in texts]
        return rows


@asynccontextmanager
async def running(run: Callable[[Sequence[str]], Vectors], kept: int = 100) -> AsyncIterator[Encoder]:
    encoder = Encoder(run, kept=kept)
    encoder.start()
    try:
        yield encoder
    finally:
        await encoder.stop()


async def test_each_row_is_the_vector_of_its_text() -> None:
    async with running(Lengths().run) as encoder:
        vectors = await encoder.embed(["ccc", "a", "bb", "a"])
        assert vectors.shape == (4, DIMENSIONS)
        assert list(vectors[:, 0]) == [3, 1, 2, 1]
        assert (await encoder.embed([])).shape == (0, DIMENSIONS)


async def test_a_text_is_embedded_once_for_all_who_ask() -> None:
    model = Lengths()
    async with running(model.run) as encoder:
        await asyncio.gather(*(encoder.embed(["the same"]) for _ in range(4)))
        await encoder.embed(["the same"])
    assert model.asked == ["the same"]


async def test_what_was_not_asked_for_longest_is_forgotten_first() -> None:
    model = Lengths()
    async with running(model.run, kept=2) as encoder:
        for text in ("a", "b", "a", "c", "a", "b"):
            await encoder.embed([text])
    assert model.asked == ["a", "b", "c", "b"]


async def test_a_caller_who_leaves_takes_nothing_from_another() -> None:
    model = Lengths()
    model.go.clear()
    async with running(model.run) as encoder:
        leaving, staying = (asyncio.create_task(encoder.embed(["text"])) for _ in range(2))
        while not model.asked:
            await asyncio.sleep(0.001)
        leaving.cancel()
        await asyncio.sleep(0)
        model.go.set()
        assert (await staying)[0, 0] == 4
    assert model.asked == ["text"]


async def test_a_failure_is_told_and_tried_again_when_asked_again() -> None:
    model = Lengths()
    async with running(model.run) as encoder:
        for _ in range(2):
            with pytest.raises(ValueError, match="no such text"):
                await encoder.embed(["bad"])
    assert model.asked == ["bad", "bad"]


async def test_without_a_start_it_says_so() -> None:
    with pytest.raises(AnalystUnavailableError, match="encoder is not running"):
        await Encoder(Lengths().run).embed(["text"])
