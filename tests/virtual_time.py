"""An event loop whose time is made up: a wait of an hour takes no time, and every test sees the same instants."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Moves its own clock to the next timer when nothing is left to do, instead of waiting for it.

    For code that waits by the loop alone: a thread or a socket would be given no time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._now = 1_000.0
        selector: Any = self._selector  # type: ignore[attr-defined]  # private, and the only place where a loop waits
        select = selector.select

        def at_once(timeout: float | None = None) -> Any:
            if timeout is None:
                raise RuntimeError("every task waits for something that no timer will bring")
            self._now += max(0.0, timeout)
            return select(0)

        selector.select = at_once

    def time(self) -> float:
        return self._now


def in_virtual_time(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on such a loop."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
