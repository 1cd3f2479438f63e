"""What was found of a text, kept for whoever asks next; only digests of the texts are kept, never the texts.

Agents ask for the same message one after another, and later turns for it as their context.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Kept(Generic[Result]):
    """Results by key, ``most`` of them: the least used leave first. Who asks at the same time shares the work."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._results: OrderedDict[bytes, asyncio.Future[Result]] = OrderedDict()

    async def of(self, key: str, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Return the result that is kept for ``key``, else that of ``work``. One that failed is tried again.

        Raises what ``work`` raises.
        """
        known = self._future(key, work)
        if known.done():
            return known.result()  # without a round of the event loop, for the many who ask again
        # Shielded: who else asked for the same must not lose it when this caller is cancelled.
        return await asyncio.shield(known)

    def begin(self, key: str, work: Callable[[], Coroutine[Any, Any, Result]]) -> None:
        """Begin ``work`` for ``key``, for whoever asks later, unless it is kept already or under way."""
        self._future(key, work)

    def clear(self) -> None:
        """Forget everything."""
        self._results.clear()

    def _future(self, key: str, work: Callable[[], Coroutine[Any, Any, Result]]) -> asyncio.Future[Result]:
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        known = self._results.get(digest)
        if known is None or _failed(known):
            known = self._results[digest] = asyncio.ensure_future(work())
            known.add_done_callback(_failed)  # looks at the exception, which otherwise is logged as never retrieved
        self._results.move_to_end(digest)
        while len(self._results) > self._most:
            self._results.popitem(last=False)
        return known


def _failed(known: asyncio.Future[Any]) -> bool:
    return known.done() and (known.cancelled() or known.exception() is not None)
