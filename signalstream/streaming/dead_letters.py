"""How a record becomes a dead letter that the broker takes: whole where it fits, else cut, else bare.

A letter that does not hold the whole value says its size and SHA-256, so that the record can be fetched from its
origin, and be known for what it was, as long as the origin keeps it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from signalstream.models.dead_letter import DeadLetter, Origin, Whole
from signalstream.streaming.headers import Headers

MAX_LETTER_BYTES = 600_000  # of original value: base64 makes it a third longer, and the broker takes 1 MB
DETAIL_CHARACTERS = 400


def letter_of(event: Any, *, stage: str, reason: str, detail: str, attempts: int, failed_at: datetime) -> DeadLetter:
    """Return the letter of an event; a value above ``MAX_LETTER_BYTES`` is cut and said to be."""
    message = event.message
    value = message.value
    fits = value is None or len(value) <= MAX_LETTER_BYTES
    detail = detail[:DETAIL_CHARACTERS]
    return DeadLetter.model_construct(
        reason=reason,
        detail=detail if fits else f"{detail}; value cut at {MAX_LETTER_BYTES} of {len(value)} bytes",
        stage=stage,
        origin=Origin(topic=message.topic, partition=message.partition, offset=message.offset),
        attempts=attempts,
        failed_at=failed_at,
        key=message.key,
        value=value if fits else value[:MAX_LETTER_BYTES],
        headers={name: content.decode("utf-8", "replace") for name, content in headers_of(event)},
        whole=None if fits else whole(value),
    )


def bare(letter: DeadLetter, event: Any) -> DeadLetter:
    """Return the letter without its key, value and headers: one of them is larger than what the broker takes."""
    why = "the record is too large for a dead letter: it is at its origin as long as that is kept"
    without: dict[str, object] = {
        "key": None,
        "value": None,
        "headers": {},
        "detail": f"{letter.detail[:DETAIL_CHARACTERS]}; {why}",
        "whole": whole(event.message.value),
    }
    return letter.model_copy(update=without)


def whole(value: bytes | None) -> Whole:
    """Return what tells a value from every other one; a missing value counts as an empty one."""
    content = value or b""
    return Whole(size=len(content), sha256=hashlib.sha256(content).hexdigest())


def headers_of(event: Any) -> Headers:
    """Return an event's headers in the shape that producers take."""
    headers: Mapping[str, bytes] | Iterable[tuple[str, bytes]] = event.message.headers or ()
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [(str(name), content) for name, content in pairs if isinstance(content, bytes)]
