"""The table of rights (ACLs) in docs/SETUP.md, made from the table of topics.

``python -m scripts.rights`` prints it; with ``--write`` it goes between the document's markers.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from signalstream.settings import ROLES, Settings
from signalstream.streaming.rights import READ, WRITE, rights_of

DOCUMENT = Path(__file__).parents[1] / "docs" / "SETUP.md"
BEGIN, END = "<!-- rights: begin -->", "<!-- rights: end -->"
DEFAULTS = Settings.model_construct()  # neither the environment nor .env may change the document


def rights_table() -> str:
    """Return what each role needs besides what all of them need, as a Markdown table."""
    head = ("role", f"{READ} on the group", f"{READ} on the topics", f"{WRITE} on the topics")
    lines = [head, tuple("---" for _ in head), *(_row(role) for role in ROLES)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def filled(text: str) -> str:
    """Return the document's text with the table between its markers. Raises ValueError without markers."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{DOCUMENT.name} must hold the lines {BEGIN} and {END} once each; put them back")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    return f"{before}{BEGIN}\n{rights_table()}\n{END}{after}"


def _row(role: str) -> tuple[str, str, str, str]:
    rights = rights_of(role, DEFAULTS)

    def names(kind: str, operation: str) -> str:
        return ", ".join(f"`{each.name}`" for each in rights if (each.kind, each.operation) == (kind, operation))

    return f"`{role}`", names("group", READ), names("topic", READ), names("topic", WRITE)


def write() -> None:
    """Put the table into the document."""
    DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


def main() -> int:
    """Print or write; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.rights", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put it into docs/{DOCUMENT.name}")
    if parser.parse_args().write:
        write()
    else:
        sys.stdout.write(f"{rights_table()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
