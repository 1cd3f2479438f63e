"""How a dead letter looks: a line of the list, and all that is known of one."""

from __future__ import annotations

import json

from signalstream.cli.dead_letters import Filed, key_of
from signalstream.core.sealing import UNSEALED, Sealer, is_sealed
from signalstream.errors import KeyDestroyedError, SealedError
from signalstream.models.base import rfc3339
from signalstream.models.dead_letter import DeadLetter
from signalstream.streaming.headers import own_headers

COLUMNS = ("id", "failed at", "reason", "agent", "origin", "conversation", "sent back", "detail")
UNREADABLE = "these bytes are not a dead letter of this version"


def line(each: Filed) -> tuple[str, ...]:
    """Return a letter's line of the list."""
    letter = each.letter
    if letter is None:
        return (each.id, "-", "unreadable", "-", "-", "-", handled(each), each.why or UNREADABLE)
    origin = f"{letter.origin.topic} {letter.origin.partition}-{letter.origin.offset}"
    return (
        each.id, rfc3339(letter.failed_at), letter.reason, letter.stage, origin, conversation(letter), handled(each),
        letter.detail,
    )  # fmt: skip


def handled(each: Filed) -> str:
    """Return when a letter was last sent back, or that its purge broke off, or a dash."""
    if each.purged_at:
        return "purge unfinished"
    return rfc3339(each.redriven_at) if each.redriven_at else "-"


def conversation(letter: DeadLetter) -> str:
    """Return ``tenant/conversation`` of the letter's key, or a dash for bytes that are no such key."""
    key = key_of(letter)
    return "/".join(key) if key else "-"


def details(each: Filed, with_value: bool, sealer: Sealer = UNSEALED) -> dict[str, object]:
    """Return all that is known of a letter; its bytes only when asked for, since they may hold personal data.

    A value that was sealed at its origin is shown opened.
    """
    notes: dict[str, object] = {
        name: rfc3339(at)
        for name, at in (("redriven_at", each.redriven_at), ("purge_began_at", each.purged_at))
        if at is not None
    }
    letter = each.letter
    if letter is None:
        return {"id": each.id, "reason": "unreadable", "detail": each.why or UNREADABLE} | notes
    known: dict[str, object] = {
        "id": each.id,
        "reason": letter.reason,
        "detail": letter.detail,
        "stage": letter.stage,
        "origin": letter.origin.model_dump(exclude={"v"}),
        "attempts": letter.attempts,
        "failed_at": rfc3339(letter.failed_at),
        "conversation": conversation(letter),
        "headers": letter.headers if with_value else _own(letter),
        "value_bytes": len(letter.value or b""),
    }
    cut = {"whole": letter.whole.model_dump()} if letter.whole else {}
    return known | cut | notes | ({"value": _value(letter, sealer)} if with_value else {})


def _own(letter: DeadLetter) -> dict[str, str]:
    sent = own_headers((name, content.encode()) for name, content in letter.headers.items())
    return {name: content.decode() for name, content in sent}


def _value(letter: DeadLetter, sealer: Sealer) -> object:
    if letter.value is None or not is_sealed(letter.value):
        return text(letter.value)
    if letter.whole is not None:
        return "encrypted and cut, so that it does not open; the whole value is at its origin as long as that is kept"
    try:
        return text(sealer.open(letter.origin.topic, letter.key, letter.value))
    except (SealedError, KeyDestroyedError) as error:
        return f"encrypted: {error}"


def text(value: bytes | None) -> object:
    """Return bytes as JSON where they are JSON, else as text with what is no UTF-8 escaped."""
    if value is None:
        return None
    try:
        return json.loads(value)
    except ValueError:
        return value.decode(errors="backslashreplace")
