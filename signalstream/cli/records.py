"""What ``analyze`` reads: a line of JSON to a conversation, and a stream of bytes to lines of bounded length."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, BinaryIO

from pydantic import ConfigDict, Field, StrictInt, StrictStr, ValidationError, model_validator

from signalstream.ai.bulk import Said
from signalstream.models.base import Model
from signalstream.models.messages import MessageText, Sender

MOST_LINE_BYTES = 4 * 1024 * 1024
MOST_MESSAGES = 1_000


class BadLineError(ValueError):
    """A line that is no record; the text says why."""


class _MessageLine(Model):
    model_config = ConfigDict(frozen=True, extra="ignore")

    sender: Sender
    message: MessageText


class Record(Model):
    """``{"id", "text"}``, one message of a customer, or ``{"id", "messages": [{"sender", "message"}, ...]}``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: StrictStr | StrictInt
    text: MessageText | None = None
    messages: Annotated[tuple[_MessageLine, ...], Field(min_length=1, max_length=MOST_MESSAGES)] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Record:
        if (self.text is None) == (self.messages is None):
            raise ValueError("give either text or messages")
        return self

    def said(self) -> tuple[Said, ...]:
        """Return the messages, oldest first."""
        if self.text is not None:
            return (Said(Sender.CUSTOMER, self.text),)
        return tuple(Said(one.sender, one.message) for one in self.messages or ())


def read_record(line: bytes) -> Record:
    """Return the record of a line. Raises BadLineError."""
    if len(line) > MOST_LINE_BYTES:
        raise BadLineError(f"longer than {MOST_LINE_BYTES // 1024 // 1024} MB; split the conversation")
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLineError(f"no JSON: {error}") from error
    if not isinstance(content, dict):
        raise BadLineError("no JSON object; expected id and text, or id and messages")
    try:
        return Record.model_validate(content)
    except ValidationError as error:
        raise BadLineError("; ".join(_told(problem) for problem in error.errors()[:3])) from error


def _told(problem: object) -> str:
    assert isinstance(problem, dict)
    place = ".".join(str(part) for part in problem["loc"] if part not in {"str", "int"})
    text = str(problem["msg"]).removeprefix("Value error, ")
    return f"{place}: {text}" if place else text


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines without their ends. Of one that is too long comes no more than shows that it is."""
    while line := stream.readline(MOST_LINE_BYTES + 2):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(MOST_LINE_BYTES)
        yield line.rstrip(b"\r\n")
