"""What the demo looks like: a live table on a terminal, plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from rich.console import Console
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
LAST_MESSAGE_CHARACTERS = 48
PLAIN_SECONDS = 5.0


class Screen:
    """Tells of steps and of conversations being played; the console decides between terminal and pipe."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._status: Status | None = None
        self._told_at = 0.0

    def step(self, text: str) -> None:
        """Say what happens next."""
        self.console.print(Text(text))

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
    """Return the table that is shown while the conversations are played."""
    columns = ("conversation", "accepted / analysed", "sentiment", "emotion", "urgency", "intent", "personal data")
    return table(
        columns, [(played.sample.conversation_id, _dots(played), *picture(played)) for played in conversations]
    )


def result_table(conversations: Sequence[Played]) -> Table:
    """Return the table that stays: one line for each conversation, its last message as the API tells it, redacted."""
    columns = (
        "conversation",
        "last message (redacted)",
        "sentiment",
        "emotion",
        "urgency",
        "intent",
        "personal data",
        "ms",
    )
    rows = [
        (played.sample.conversation_id, shortened(played.last_message), *picture(played), _milliseconds(played))
        for played in conversations
    ]
    return table(columns, rows)


def shortened(text: str, limit: int = LAST_MESSAGE_CHARACTERS) -> str:
    """Return ``text`` on one line of at most ``limit`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _milliseconds(played: Played) -> str:
    return f"{median(played.latencies) * 1000:.0f}" if played.latencies else "-"


def _styled(word: str) -> Text:
    return Text(str(word), STYLES.get(word, ""))


def _dots(played: Played) -> Text:
    waiting = len(played.sample.messages) - played.accepted
    on_the_way = played.accepted - played.analysed
    dots = Text("●" * played.analysed, "green") + Text("◐" * on_the_way, "yellow") + Text("○" * waiting, "dim")
    return dots + Text(" trouble", "red") if played.trouble else dots
