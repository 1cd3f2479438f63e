"""What the demo looks like: a live table on a terminal, plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from rich.console import Console, Group
from rich.live import Live
from rich.status import Status
from rich.table import Table
from rich.text import Text

from signalstream.cli.demo import Played
from signalstream.cli.tables import printable, table

STYLES = {
    "positive": "green", "negative": "red", "neutral": "dim", "angry": "bold red", "frustrated": "red",
    "urgent": "bold magenta", "happy": "bold green", "satisfied": "green", "confused": "yellow",
    "Critical": "bold white on red", "High": "bold red", "Medium": "yellow", "Low": "dim",
}  # fmt: skip
PICTURE = ("sentiment", "emotion", "urgency", "intent", "personal data")
LAST_MESSAGE = "last message (redacted)"
TWO_TABLES_BELOW = 150
# What stands beside the last message in two tables, and in one.
NAME_CELLS, PICTURE_CELLS, LEAST_MESSAGE_CELLS = 22, 106, 20
UNBROKEN = ("conversation", "messages", "sentiment", "emotion", "urgency", "ms")
PLAIN_SECONDS = 5.0


class Screen:
    """Tells of steps and of conversations being played; the console decides between terminal and pipe."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._status: Status | None = None
        self._told_at = 0.0

    def step(self, text: str) -> None:
        """Say what happens next."""
        self.console.print(Text(text), soft_wrap=True)

    def waiting(self, what: str, seconds: float) -> None:
        """Say what is being waited for: a spinner on a terminal, a line every few seconds in a pipe."""
        text = f"waiting for {what} ({seconds:.0f} s)"
        if self.console.is_terminal:
            self._status = self._status or self.console.status("")
            self._status.start()
            self._status.update(Text(text))
        elif seconds - self._told_at >= PLAIN_SECONDS:
            self._told_at = seconds
            self.console.print(Text(text))

    def done_waiting(self) -> None:
        """Take the spinner away."""
        if self._status is not None:
            self._status.stop()
            self._status = None
        self._told_at = 0.0

    @contextmanager
    def playing(self, conversations: Sequence[Played]) -> Iterator[None]:
        """Show the conversations while they are played."""
        if not self.console.is_terminal:
            yield
            return
        with Live(
            get_renderable=lambda: live_table(conversations), console=self.console, refresh_per_second=8, transient=True
        ):
            yield

    def accepted(self, played: Played) -> None:
        """Tell a pipe that a message was accepted; a terminal sees it in the live table."""
        self._line(f"accepted  {played.sample.conversation_id} {played.accepted}/{len(played.sample.messages)}")

    def analysed(self, played: Played) -> None:
        """Tell a pipe that a message was analysed, and how."""
        words = [word for word in (cell.plain for cell in picture(played)) if word]
        spent = f"{played.latencies[-1] * 1000:.0f} ms"
        self._line(f"analysed  {played.sample.conversation_id} {played.analysed} in {spent}: {', '.join(words)}")

    def troubled(self, played: Played) -> None:
        """Say why a conversation could not be played to its end."""
        self.console.print(Text(f"trouble   {played.sample.conversation_id}: {printable(played.trouble or '')}", "red"))

    def _line(self, text: str) -> None:
        if not self.console.is_terminal:
            self.console.print(Text(printable(text)))


def picture(played: Played) -> tuple[Text, Text, Text, Text, Text]:
    """Return sentiment, emotion, urgency, intent and the kinds of personal data; empty where nothing is known."""
    insight = played.insight
    sentiment = insight.sentiment if insight else None
    found = insight.insights if insight else None
    return (
        _styled(sentiment.sentiment if sentiment else ""),
        _styled(sentiment.emotion if sentiment else ""),
        _styled(found.urgency if found else ""),
        Text(found.intent if found else ""),
        Text(", ".join(played.pii_types)),
    )


def live_table(conversations: Sequence[Played]) -> Table:
    """Return the table that is shown while the conversations are played: analysed, on the way, still to come."""
    rows = [(played.sample.conversation_id, _dots(played), *picture(played)) for played in conversations]
    return table(("conversation", "messages", *PICTURE), rows, UNBROKEN, gap=1)


def result(conversations: Sequence[Played], columns: int) -> Group:
    """Return what stays: how each conversation was understood, and its last message as the API tells it, redacted.

    One table where the terminal has room for it, else two.
    """
    narrow = columns < TWO_TABLES_BELOW
    limit = max(LEAST_MESSAGE_CELLS, columns - (NAME_CELLS if narrow else PICTURE_CELLS))
    rows = [
        (played.sample.conversation_id, *picture(played), _milliseconds(played), shortened(played.last_message, limit))
        for played in conversations
    ]
    if not narrow:
        return Group(table(("conversation", *PICTURE, "ms", LAST_MESSAGE), rows, UNBROKEN))
    understood = table(("conversation", *PICTURE, "ms"), [row[:-1] for row in rows], UNBROKEN, gap=1)
    return Group(understood, "", table(("conversation", LAST_MESSAGE), [(row[0], row[-1]) for row in rows], UNBROKEN))


def shortened(text: str, cells: int) -> str:
    """Return ``text`` on one line that takes at most so many cells; a Chinese or Japanese character takes two."""
    line = Text(printable(" ".join(text.split())))
    line.truncate(cells, overflow="ellipsis")
    return line.plain


def _milliseconds(played: Played) -> str:
    return f"{median(played.latencies) * 1000:.0f}" if played.latencies else "-"


def _styled(word: str) -> Text:
    return Text(str(word), STYLES.get(word, ""))


def _dots(played: Played) -> Text:
    waiting = len(played.sample.messages) - played.accepted
    on_the_way = played.accepted - played.analysed
    dots = Text("●" * played.analysed, "green") + Text("◐" * on_the_way, "yellow") + Text("○" * waiting, "dim")
    return dots + Text(" trouble", "red") if played.trouble else dots
