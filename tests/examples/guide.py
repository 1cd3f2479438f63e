"""The API guide as a test sees it: its blocks, in their order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
GUIDE = REPOSITORY / "docs" / "API_GUIDE.md"
WRITTEN_URL = "http://127.0.0.1:8000"
_BLOCK = re.compile(r"^```(\w+)( run)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block. ``runs`` marks what a reader can paste as it is."""

    language: str
    runs: bool
    text: str
    line: int

    @property
    def wants_a_key(self) -> bool:
        """Say whether the block is for a deployment that wants credentials."""
        return "API_KEY" in self.text

    def against(self, url: str) -> str:
        """Return the block for a worker at ``url``."""
        return self.text.replace(WRITTEN_URL, url)


def blocks() -> list[Block]:
    """Return every fenced block of the guide."""
    text = GUIDE.read_text()
    return [
        Block(found[1], found[2] is not None, found[3], text.count("\n", 0, found.start()) + 1)
        for found in _BLOCK.finditer(text)
    ]
