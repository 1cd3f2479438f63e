"""How the stand-in reads a question: the fenced conversations in its data, each with its id and its messages."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIRST_LINE = re.compile(r"\Aboundary (\S+)\n")
_WRITER = re.compile(r"(\d+) (customer|agent|system)")


@dataclass(frozen=True)
class Said:
    """One message: its number, who wrote it, its text."""

    number: int
    writer: str
    text: str


@dataclass(frozen=True)
class Conversation:
    """What stands between a boundary's BEGIN and END; ``id`` is empty for data without a fence."""

    id: str
    messages: tuple[Said, ...]

    @property
    def text(self) -> str:
        """All messages' text."""
        return "\n".join(message.text for message in self.messages)

    @property
    def newest(self) -> Said:
        """The last message."""
        return self.messages[-1]

    def last_of(self, writer: str) -> str:
        """Return the newest text of a writer, empty when there is none."""
        return next((said.text for said in reversed(self.messages) if said.writer == writer), "")


def labels_in(data: str) -> tuple[str, ...]:
    """Return the labels that the data offer."""
    offered = re.search(r"^\S+ LABELS (.*)$", data, re.MULTILINE)
    return tuple(offered[1].split(" | ")) if offered else ()


def conversations_in(data: str) -> list[Conversation]:
    """Return the fenced conversations; data without a fence are one message of a customer."""
    head = _FIRST_LINE.match(data)
    if head is None:
        return [Conversation("", (Said(1, "customer", data),))]
    boundary = re.escape(head[1])
    fence = re.compile(rf"^{boundary} BEGIN (\S+)\n(.*?)^{boundary} END \1$", re.MULTILINE | re.DOTALL)
    return [Conversation(id_, messages_in(body)) for id_, body in fence.findall(data)]


def messages_in(body: str) -> tuple[Said, ...]:
    """Return the messages of a block: a line with number and writer, then lines that begin with a mark."""
    read: list[tuple[int, str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("| "):
            read[-1][2].append(line[2:])
        elif writer := _WRITER.fullmatch(line):
            read.append((int(writer[1]), writer[2], []))
    return tuple(Said(number, writer, "\n".join(lines)) for number, writer, lines in read)
