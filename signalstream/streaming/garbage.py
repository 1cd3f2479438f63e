"""Look for garbage without being felt: at young objects often, at those that survived when there is time.

Python looks at what survived each tenth time that it looks at young objects, whatever is going on. A worker keeps what
it reads in caches, so nearly everything survives: such a look stopped the loop for 57 ms, one at everything for 170,
and with 20,000 between two looks at young objects these took up to 42 ms themselves, with 3,000 up to 12. Posts waited
that long.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

from signalstream.streaming.load import Load

YOUNG_OBJECTS = 700  # more of them than have gone, of whatever age: so there are many more young ones at each look
NEVER = 1_000_000
EVERY_SECONDS = 1.0
QUIET_SHARE = 0.3  # of the thread's time, below which there is time
DUE, OVERDUE = 100, 5_000  # looks at young ones since the last at older ones; the second: a minute and a half of load
LOOKS_UNTIL_ALL = 10  # of the looks at older objects each tenth is at everything


class OldGarbage:
    """Looks at objects that survived once the thread is quiet, and at last when it has not been for long."""

    def __init__(
        self,
        load: Load | None = None,
        collect: Callable[[int], object] = gc.collect,
        young_looks: Callable[[], int] = lambda: gc.get_count()[1],
    ) -> None:
        self._load = load or Load()
        self._collect = collect
        self._young_looks = young_looks
        self._looks = 0

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look now and each second, for as long as the loop, whose thread must be the calling one, runs."""
        self.look()
        loop.call_later(EVERY_SECONDS, self.watch, loop)

    def look(self) -> None:
        """Look at older objects if it is time to."""
        self._load.pace()  # takes the sample
        waiting = self._young_looks()
        if waiting >= OVERDUE or (waiting >= DUE and self._load.share < QUIET_SHARE):
            self._looks += 1
            self._collect(2 if self._looks % LOOKS_UNTIL_ALL == 0 else 1)


def settle_garbage() -> None:
    """Take what start-up made out of the collector's sight, as it lives as long as we do; watch over the rest.

    Call it in the event loop.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, NEVER, NEVER)
    OldGarbage().watch(asyncio.get_running_loop())
