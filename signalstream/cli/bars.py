"""Progress bars, for people only: they go to standard error and appear on a terminal, never in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[int], None]


class Bars:
    """Draws on ``console`` (standard error by default), and nothing at all when that is no terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr)

    @contextmanager
    def bar(self, what: str, total: int | None) -> Iterator[Advance]:
        """Draw a bar while the block runs; what is yielded moves it on by a number of steps.

        ``total`` is None where nobody knows how many there will be.
        """
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        quiet = not self._console.is_terminal or total == 0
        with Progress(*columns, console=self._console, transient=True, disable=quiet) as progress:
            task = progress.add_task(what, total=total)
            yield lambda steps: progress.advance(task, steps)
