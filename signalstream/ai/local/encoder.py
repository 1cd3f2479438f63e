"""The shared encoder: a text to a unit vector of 384 numbers, whose direction is what the text is about.

A message is embedded once for every head that asks: vectors are kept, see ``kept``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Protocol

import numpy as np

from signalstream.ai.local.batching import Batches
from signalstream.ai.local.kept import Kept
from signalstream.ai.local.minilm import DIMENSIONS, Run, Vectors

KEPT_VECTORS = 2048


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return an array of shape (len(texts), DIMENSIONS)."""
        ...


class Encoder:
    """An Embedder over ``run``, a function from texts to vectors, in a thread of its own."""

    def __init__(self, run: Run, *, kept: int = KEPT_VECTORS) -> None:
        self._batches: Batches[Vectors] = Batches("encoder", lambda texts: list(run(texts)))
        self._known: Kept[Vectors] = Kept(kept)

    def start(self) -> None:
        """Start the thread."""
        self._batches.start()

    async def stop(self) -> None:
        """End the thread and forget every vector."""
        await self._batches.stop()
        self._known.clear()

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vectors, one row for each text.

        Raises AnalystUnavailableError when it is not started, and what the model raised.
        """
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        return np.stack(
            await asyncio.gather(*(self._known.of(text, partial(self._batches.submit, text)) for text in texts))
        )
