"""How tables reach the terminal: the console, and the one look that all commands share."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPED_COLUMNS = 200


def console() -> Console:
    """Return a console on standard output; a pipe has no width of its own, so lines there may be long."""
    return Console(width=None if sys.stdout.isatty() else PIPED_COLUMNS, highlight=False)


def table(
    columns: Iterable[str], rows: Iterable[Iterable[object]], unbroken: Container[str] = (), gap: int = 2
) -> Table:
    """Return a borderless table. Cells are shown as they are: no text of theirs is taken for markup.

    A narrow terminal breaks long cells into lines, but never those of ``unbroken`` columns.
    """
    shown = Table(box=None, header_style="bold", pad_edge=False, padding=(0, gap, 0, 0))
    for column in columns:
        shown.add_column(column, overflow="fold", no_wrap=column in unbroken)
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(printable(str(cell))) for cell in row))
    return shown


def printable(text: str) -> str:
    """Return ``text`` without control characters, which could move the cursor or change the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
