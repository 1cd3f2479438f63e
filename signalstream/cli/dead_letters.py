"""Dead letters as an operator sees them: what is read from the topic, which are meant, how one looks.

No broker here: ``dlq_log`` reads and sends, ``dlq`` is the command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from signalstream.core.keys import parse_key
from signalstream.errors import ConfigurationError, UndecodableError
from signalstream.models.base import rfc3339
from signalstream.models.dead_letter import DeadLetter
from signalstream.streaming.values import decode

LETTER_ID = re.compile(r"(\d{1,9})-(\d{1,18})")
REDRIVEN_HEADER = "redriven"


@dataclass(frozen=True)
class Filed:
    """A record of the dead letter topic. ``letter`` is None when the bytes are not a dead letter of this version."""

    partition: int
    offset: int
    letter: DeadLetter | None

    @property
    def id(self) -> str:
        """Return what an operator calls it: ``partition-offset``."""
        return f"{self.partition}-{self.offset}"


@dataclass(frozen=True)
class Redrive:
    """A record to send: the original bytes, to where they came from."""

    id: str
    topic: str
    partition: int | None
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def filed(partition: int, offset: int, value: bytes | None) -> Filed:
    """Return the record as it is read."""
    try:
        return Filed(partition, offset, decode(DeadLetter, value))
    except UndecodableError:
        return Filed(partition, offset, None)


def conversation(letter: DeadLetter) -> str:
    """Return ``tenant/conversation`` of the letter's key, or a dash for bytes that are no such key."""
    try:
        return "/".join(parse_key(letter.key))
    except UndecodableError:
        return "-"


def select(
    letters: Iterable[Filed], ids: Sequence[str] = (), reason: str | None = None, stage: str | None = None
) -> list[Filed]:
    """Return the letters that are meant; no ids means all. Raises ConfigurationError for an id that is not there."""
    known = {letter.id: letter for letter in letters}
    for name in ids:
        if not LETTER_ID.fullmatch(name):
            raise ConfigurationError(f"{name!r} is no id of a dead letter; `signalstream dlq list` shows them, as 3-17")
        if name not in known:
            raise ConfigurationError(f"there is no dead letter {name}; `signalstream dlq list` shows what there is")
    chosen = [known[name] for name in dict.fromkeys(ids)] if ids else list(known.values())
    return [each for each in chosen if _matches(each.letter, reason, stage)]


def _matches(letter: DeadLetter | None, reason: str | None, stage: str | None) -> bool:
    if letter is None:
        return reason is None and stage is None
    return reason in (None, letter.reason) and stage in (None, letter.stage)


def line(each: Filed) -> tuple[str, ...]:
    """Return a letter's line of the list."""
    letter = each.letter
    if letter is None:
        return (each.id, "-", "unreadable", "-", "-", "-", "not a dead letter of this version")
    origin = f"{letter.origin.topic} {letter.origin.partition}-{letter.origin.offset}"
    return (
        each.id, rfc3339(letter.failed_at), letter.reason, letter.stage, origin, conversation(letter), letter.detail,
    )  # fmt: skip


def details(each: Filed, with_value: bool) -> dict[str, object]:
    """Return all that is known of a letter; its bytes only when asked for, since they may hold personal data."""
    letter = each.letter
    if letter is None:
        return {"id": each.id, "reason": "unreadable", "detail": "these bytes are not a dead letter of this version"}
    known: dict[str, object] = {
        "id": each.id,
        "reason": letter.reason,
        "detail": letter.detail,
        "stage": letter.stage,
        "origin": letter.origin.model_dump(exclude={"v"}),
        "attempts": letter.attempts,
        "failed_at": rfc3339(letter.failed_at),
        "conversation": conversation(letter),
        "headers": letter.headers,
        "value_bytes": len(letter.value or b""),
    }
    return known | ({"value": text(letter.value)} if with_value else {})


def text(value: bytes | None) -> object:
    """Return bytes as JSON where they are JSON, else as text with what is no UTF-8 escaped."""
    if value is None:
        return None
    try:
        return json.loads(value)
    except ValueError:
        return value.decode(errors="backslashreplace")


def redrive_of(each: Filed, known_topics: Iterable[str]) -> Redrive:
    """Return the record that sends a letter back. Raises ConfigurationError when it cannot go back.

    The key decides the partition as it did the first time; a record without one returns to its old partition.
    """
    letter = each.letter
    if letter is None:
        raise ConfigurationError(f"dead letter {each.id} is unreadable; nothing is known of where it came from")
    if letter.origin.topic not in known_topics:
        raise ConfigurationError(
            f"dead letter {each.id} came from {letter.origin.topic}, which is no topic of this configuration; "
            "check SIGNALSTREAM_TOPIC_PREFIX"
        )
    headers = {name: value.encode() for name, value in letter.headers.items()} | {REDRIVEN_HEADER: each.id.encode()}
    partition = letter.origin.partition if letter.key is None else None
    return Redrive(each.id, letter.origin.topic, partition, letter.key, letter.value, tuple(headers.items()))
