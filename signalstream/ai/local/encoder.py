"""The shared encoder: a text to a unit vector of 384 numbers, whose direction is what the text is about.

A message is embedded once for every head that asks: vectors are kept, the least used leave first, and callers who ask
for the same text at the same time share the work. Only digests of the texts are kept, never the texts.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from signalstream.ai.local.batching import Batches
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
        self._known: OrderedDict[bytes, asyncio.Future[Vectors]] = OrderedDict()
        self._kept = kept

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
        # Shielded: who else asked for the same text must not lose it when this caller is cancelled.
        return np.stack(await asyncio.gather(*(asyncio.shield(self._vector(text)) for text in texts)))

    def _vector(self, text: str) -> asyncio.Future[Vectors]:
        key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        known = self._known.get(key)
        if known is None or _failed(known):
            known = self._known[key] = asyncio.ensure_future(self._batches.submit(text))
            known.add_done_callback(_failed)  # looks at the exception, which otherwise is logged as never retrieved
        self._known.move_to_end(key)
        while len(self._known) > self._kept:
            self._known.popitem(last=False)
        return known


def _failed(known: asyncio.Future[Vectors]) -> bool:
    return known.done() and (known.cancelled() or known.exception() is not None)
