"""One thread for each model: texts of many callers gather into batches, and the event loop never waits for a model.

A text that finds the thread idle runs at once, alone. What comes while a batch runs goes with the next ones: sorted by
length, so that little is padded, and at most ``largest`` texts each.

A model gives the interpreter up at each step that computes outside of it, six times for a short text, and waits for it
as often. With Python's 5 ms a busy event loop left it 70 texts a second of 444, with 0.2 ms 315. But so short an
interval lets every other thread take the interpreter from the loop as well, those that fetch where consumers have
threads: with those it cost a worker a quarter of its throughput when no model computed. So it holds only while one
does.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from signalstream.errors import AnalystUnavailableError

Result = TypeVar("Result")
_ROUND = 4
"""How many batches are filled from one look at the queue: more sorts better, and makes the oldest text wait longer."""
HURRIED_SECONDS, USUAL_SECONDS = 0.0002, 0.005  # after which a thread gives the interpreter up; usual: Python's own


@contextmanager
def _hurried() -> Iterator[None]:
    # Of two models that compute at once, the first to end ends it: the other waits as Python lets it, for one batch.
    sys.setswitchinterval(HURRIED_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(USUAL_SECONDS)


@dataclass(frozen=True)
class _Request(Generic[Result]):
    text: str
    future: Future[Result] = field(default_factory=Future)


class Batches(Generic[Result]):
    """Runs ``run`` (texts to as many results, in order) in a thread of its own.

    At most ``waiting`` texts are queued; further callers wait in their own tasks. It starts with ``start``.
    """

    def __init__(
        self, name: str, run: Callable[[Sequence[str]], Sequence[Result]], *, largest: int = 32, waiting: int = 1024
    ) -> None:
        self._name = name
        self._run = run
        self._largest = largest
        self._room = asyncio.Semaphore(waiting)
        self._queue: deque[_Request[Result]] = deque()
        self._changed = threading.Condition()
        self._open = False
        self._computing = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._open = True
        self._thread = threading.Thread(target=self._work, name=f"model-{self._name}", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """End the thread after its batch. What is still queued is told that the model is gone."""
        with self._changed:
            self._open = False
            self._changed.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    @property
    def idle(self) -> bool:
        """Whether a text that comes now would run at once."""
        return self._open and not self._queue and not self._computing

    async def submit(self, text: str) -> Result:
        """Return the result of ``text``. Raises what the model raised, and AnalystUnavailableError when stopped."""
        async with self._room:
            request = _Request[Result](text)
            with self._changed:
                if not self._open:
                    raise self._gone()
                self._queue.append(request)
                self._changed.notify()
            return await asyncio.wrap_future(request.future)

    def _work(self) -> None:
        while requests := self._next():
            wanted = [one for one in requests if one.future.set_running_or_notify_cancel()]
            wanted.sort(key=lambda one: len(one.text))
            for start in range(0, len(wanted), self._largest):
                self._answer(wanted[start : start + self._largest])
        for request in self._queue:
            if request.future.set_running_or_notify_cancel():
                request.future.set_exception(self._gone())
        self._queue.clear()

    def _next(self) -> list[_Request[Result]]:
        with self._changed:
            self._computing = False
            self._changed.wait_for(lambda: self._queue or not self._open)
            taken = min(len(self._queue), _ROUND * self._largest) if self._open else 0
            self._computing = taken > 0
            return [self._queue.popleft() for _ in range(taken)]

    def _answer(self, batch: Sequence[_Request[Result]]) -> None:
        try:
            with _hurried():
                results = self._run([one.text for one in batch])
            for request, result in zip(batch, results, strict=True):
                request.future.set_result(result)
        except Exception as error:  # noqa: BLE001 - whatever a model raises belongs to those who asked it
            for request in batch:
                if not request.future.done():
                    request.future.set_exception(error)

    def _gone(self) -> AnalystUnavailableError:
        return AnalystUnavailableError(f"the model {self._name} is not running; the analyst must be started first")
