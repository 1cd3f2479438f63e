"""The project's documents as a test sees them: which there are, their code blocks, their links and headings."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
MADE = {".venv", "data", "build", "dist", ".run"}
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?\s*\)")


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file that is, or is about to be, under version control; in an unpacked archive that is all."""
    if not (REPOSITORY / ".git").exists():
        top = [path for path in REPOSITORY.iterdir() if path.name not in MADE]
        return tuple(path for each in top for path in (each, *each.rglob("*")) if _is_source(path))
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(asked, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60).stdout
    return tuple(
        path for name in sorted(set(filter(None, listed.split("\0")))) if (path := REPOSITORY / name).is_file()
    )


def _is_source(path: Path) -> bool:
    return path.is_file() and not {"__pycache__", "target"} & set(path.parts)


def documents() -> tuple[Path, ...]:
    """Return every Markdown file of the root and of docs."""
    return (*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").rglob("*.md")))


def blocks(document: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language, in order."""
    return [text for kind, text in _FENCE.findall(document.read_text()) if kind == language]


def prose(document: Path) -> str:
    """Return a document without its fenced blocks."""
    return _FENCE.sub("", document.read_text())


def links(document: Path) -> list[str]:
    """Return what a document links to, pictures included."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", prose(document)))


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", prose(document), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        anchor = base = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 0
        while anchor in found:
            number += 1
            anchor = f"{base}-{number}"
        found.add(anchor)
    return found
