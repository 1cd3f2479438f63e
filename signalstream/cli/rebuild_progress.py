"""What a rebuild says: a bar on a terminal, a line every few seconds in a pipe, and at the end what to do next."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from signalstream.cli.bars import Advance, Bars
from signalstream.cli.tables import table
from signalstream.core.rebuild import Comparison
from signalstream.settings import Settings

PLAIN_SECONDS = 5.0


@dataclass
class Progressing:
    """How far a round has come. ``drawn`` holds the bar of the present round, on a terminal."""

    console: Console
    drawn: ExitStack
    round: int = 0
    _advance: Advance | None = None
    _total: int = 0
    _taken: int = 0
    _began: float = field(default_factory=time.monotonic)
    _told_at: float = field(default_factory=time.monotonic)

    def begin(self, records: int) -> None:
        """Begin a round of so many records."""
        self._total, self._taken, self._began = records, 0, time.monotonic()
        self.drawn.close()
        if self.console.is_terminal:
            self._advance = self.drawn.enter_context(Bars(self.console).bar(f"round {self.round}", records))
        else:
            self._say(f"round {self.round}: {records} records to take")

    def took(self, records: int) -> None:
        """Count records that were taken."""
        self._taken += records
        if self._advance is not None:
            self._advance(records)
        elif time.monotonic() - self._told_at >= PLAIN_SECONDS:
            self._told_at = time.monotonic()
            self._say(estimate(self._taken, self._total, time.monotonic() - self._began))

    def _say(self, text: str) -> None:
        self.console.print(Text(text), soft_wrap=True)


def estimate(taken: int, total: int, seconds: float) -> str:
    """Return how many records are left, how fast they go, and how long that will take."""
    rate = taken / seconds if seconds > 0 else 0.0
    left = total - taken
    until = f", about {left / rate:.0f} s left" if rate > 0 else ""
    return f"took {taken} of {total} records, {left} behind ({rate:.0f}/s{until})"


@contextmanager
def progressing(console: Console) -> Iterator[Progressing]:
    """Show progress on the console for as long as the block runs."""
    with ExitStack() as drawn:
        yield Progressing(console, drawn)


def report(
    console: Console, served: Settings, rebuilt: Settings, comparison: Comparison, behind: int, *, serving: bool
) -> None:
    """Print the comparison and what to do next. ``behind`` are records that came meanwhile."""
    old, new = served.app_version, rebuilt.app_version
    console.print(table(("", f"version {old}", f"version {new}"), _counts(comparison)), "")
    for line in (*_remarks(comparison), *_next_steps(old, new, behind, comparison.behind, serving=serving)):
        console.print(Text(line), soft_wrap=True)


def _counts(found: Comparison) -> list[tuple[str, str, str]]:
    return [
        ("conversations", str(found.served_conversations), str(found.rebuilt_conversations)),
        ("messages", str(found.served_messages), str(found.rebuilt_messages)),
        ("the same picture", str(found.same), str(found.same)),
        ("still on the way", str(found.behind), ""),
        ("another picture", str(found.different), ""),
        ("windows alike / not alike", f"{found.same_windows} / {found.different_windows}", ""),
        ("carried over", "", str(found.carried)),
    ]


def _remarks(found: Comparison) -> Iterator[str]:
    if found.carried:
        yield (
            f"{found.carried} conversations were copied rather than made again: retention has removed their beginning "
            "from the topics."
        )
    if found.unreadable:
        yield (
            f"{found.unreadable} conversations are LOST in the new version as they were: retention has removed their "
            "beginning from the topics, and this version of SignalStream cannot read their rows."
        )
    if found.put_aside:
        yield f"{found.put_aside} records were left out, since no version can take them: `signalstream dlq list`."
    if found.different_windows:
        yield (
            f"{found.different_windows} windows count otherwise: which analysis came too late for its window depends "
            "on the moment at which it was merged."
        )
    if found.different:
        yield (
            f"{found.different} pictures differ, as is to be expected after a change of the rules or of the settings, "
            "and only then."
        )
    if found.examples:
        yield "for example: " + ", ".join(found.examples)


def _next_steps(old: int, new: int, behind: int, moving: int, *, serving: bool) -> Iterator[str]:
    again = f"SIGNALSTREAM_APP_VERSION={old} signalstream rebuild --to {new}"
    if serving:
        yield (
            f"Version {old} goes on serving; {behind} records and {moving} pictures are on the way. To switch: stop "
            f"the workers with the role core, run `{again}` once more (it takes what came since), then start them "
            f"with SIGNALSTREAM_APP_VERSION={new}."
        )
    else:
        yield f"Version {new} is level with version {old}. Start the workers with SIGNALSTREAM_APP_VERSION={new}."
    yield (
        f"To switch back: once version {new} has taken messages, make another version from it with the old code or "
        f"settings, which keeps every revision rising: `SIGNALSTREAM_APP_VERSION={new} signalstream rebuild`; before "
        f"that, start the workers with SIGNALSTREAM_APP_VERSION={old}. To remove version {old} for good: "
        f"`SIGNALSTREAM_APP_VERSION={new} signalstream rebuild --drop {old}`."
    )
