"""How the words of others stand in a question: behind a boundary that they cannot know, each line marked as theirs.

Two things hold whatever is written. A fence's lines begin with the boundary, which is random, made after the texts were
written, and in none of them. And every line of a text begins with a mark, so that none can look like a line of ours.
Characters that people do not see but models read (tags, variation selectors, marks of direction) are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from signalstream.ai.local.searchable import UNSEEN
from signalstream.models.messages import Sender

MARK = "| "
BOUNDARY_BYTES = 8
Token = Callable[[int], str]
"""Number of random bytes to a string of letters and digits, as ``secrets.token_hex``."""


@dataclass(frozen=True)
class Line:
    """A message as it is sent: its number in the question, who wrote it, and its redacted text."""

    number: int
    sender: Sender
    text: str


@dataclass(frozen=True)
class Block:
    """The lines of one conversation, under the id that its answer must have."""

    id: str
    lines: tuple[Line, ...]


def visible(text: str) -> str:
    """Return ``text`` without characters that nobody sees; what breaks a line becomes a line feed, none at the ends."""
    if text.isascii() and text.isprintable():
        return text  # the usual case, and in it there is nothing to leave out
    return "\n".join(UNSEEN.sub("", line) for line in text.splitlines()).strip("\n")


def boundary_for(texts: Iterable[str], token: Token) -> str:
    """Return a boundary that is in none of the texts."""
    written = "\n".join(texts)
    while (boundary := token(BOUNDARY_BYTES)) in written:
        pass
    return boundary


def fenced(blocks: Sequence[Block], token: Token, labels: Sequence[str] = ()) -> str:
    """Return the data of a question: the boundary, labels to choose from, a block for each conversation, the ids."""
    shown = [(block, [(line, visible(line.text)) for line in block.lines]) for block in blocks]
    boundary = boundary_for((text for _, lines in shown for _, text in lines), token)
    rows = [f"boundary {boundary}"]
    rows += [f"{boundary} LABELS {' | '.join(' '.join(label.split()) for label in labels)}"] if labels else []
    for block, lines in shown:
        rows.append(f"{boundary} BEGIN {block.id}")
        for line, text in lines:
            rows.append(f"{line.number} {line.sender.value}")
            rows += [f"{MARK}{row}" for row in text.split("\n")]
        rows.append(f"{boundary} END {block.id}")
    return "\n".join([*rows, f"{boundary} ANSWER {' '.join(block.id for block in blocks)}"])
