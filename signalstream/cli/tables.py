"""How tables reach the terminal: the console, and the one look that all commands share."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPED_COLUMNS = 200


def console() -> Console:
    """Return a console on standard output; a pipe has no width of its own, so lines there may be long."""
    return Console(width=None if sys.stdout.isatty() else PIPED_COLUMNS, highlight=False)


def table(columns: Iterable[str], rows: Iterable[Iterable[object]], title: str | None = None) -> Table:
    """Return a borderless table. Cells are shown as they are: no text of theirs is taken for markup."""
    shown = Table(box=None, title=title, title_justify="left", header_style="bold", pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(printable(str(cell))) for cell in row))
    return shown


def printable(text: str) -> str:
    """Return ``text`` without control characters, which could move the cursor or change the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
