"""The end of a worker that has crashed: one line that says why, and within a bounded time.

Upstream stops every service in turn and waits for each without a limit. After a crash in the middle of a rebalance
some wait for others that have stopped already, and the process stays: its port answers, its work stands still, and no
supervisor starts it again. Ending it as ``kill -9`` would loses nothing: that is what delivery is built for.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

from signalstream.errors import SignalStreamError

CRASH_SECONDS = 15.0
CRASHED = 1


def say(error: BaseException) -> None:
    """Print one line for a person, whatever the log is."""
    known = isinstance(error, SignalStreamError)
    line = str(error) if known else f"this worker crashed ({error!r}); the log says where; start it again"
    stream = sys.__stderr__ or sys.stderr  # while a worker runs, upstream turns sys.stderr into lines of the log
    stream.write(f"signalstream: {line}\n")
    stream.flush()


def end_within(seconds: float, reason: BaseException, end: Callable[[int], object] = os._exit) -> threading.Timer:
    """End the process after ``seconds`` with code 1 and the reason, unless it has ended by then."""

    def end_now() -> None:
        say(reason)
        end(CRASHED)

    timer = threading.Timer(seconds, end_now)
    timer.daemon = True
    timer.start()
    return timer
