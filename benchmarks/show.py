"""Where the report goes: the terminal, and docs/PERFORMANCE.md between two markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.tables import Table

VERDICT = "verdict"
FAILOVER = "failover"
GEMINI = "gemini"
NEIGHBOUR = "neighbour"


def show(console: Console, facts: Mapping[str, str], tables: Sequence[Table]) -> None:
    """Print the machine and the tables."""
    for label, value in facts.items():
        console.print(f"[bold]{label}[/]: {value}", highlight=False)
    for table in tables:
        drawn = RichTable(title=table.title, box=box.SIMPLE_HEAD, title_justify="left")
        for column in table.columns:
            drawn.add_column(column)
        for row in table.rows:
            drawn.add_row(*row)
        console.print(drawn)


def markdown(facts: Mapping[str, str], tables: Sequence[Table]) -> str:
    """Return the report as Markdown."""
    parts = ["\n".join(f"- {label}: {value}" for label, value in facts.items())]
    for table in tables:
        lines = [table.columns, ["---"] * len(table.columns), *table.rows]
        drawn = "\n".join("| " + " | ".join(row) + " |" for row in lines)
        parts.append(f"### {table.title}\n\n{drawn}")
    return "\n\n".join(parts)


def marker(part: str, edge: str) -> str:
    """Return the line where a part of the document has its ``begin`` or its ``end``."""
    return f"<!-- {part}: {edge} -->"


def between_markers(document: str, part: str, text: str) -> str:
    """Return the document with ``text`` between the part's markers. Raises ValueError when they are not in it."""
    opening, closing = marker(part, "begin"), marker(part, "end")
    before, begin, rest = document.partition(opening)
    _, end, after = rest.partition(closing)
    if not begin or not end:
        raise ValueError(f"the document lacks the lines {opening} and {closing}; put them where the figures belong")
    return f"{before}{opening}\n\n{text}\n\n{closing}{after}"


def write(path: Path, part: str, text: str) -> None:
    """Put a part of the report into the document. Raises ValueError as ``between_markers`` does."""
    path.write_text(between_markers(path.read_text(), part, text))
