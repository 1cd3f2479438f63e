"""Dead letters as they lie in the topic: which records are letters, which are notes about them, what belongs together.

No broker here: ``dlq_log`` reads, ``dlq_redrive`` and ``dlq_purge`` act, ``dlq`` is the command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from signalstream.core.keys import ConversationKey, parse_key
from signalstream.errors import UndecodableError
from signalstream.models.dead_letter import DeadLetter, DeadLetterNote
from signalstream.streaming.headers import FILED, TENANT
from signalstream.streaming.values import decode

_ID = re.compile(r"\d{1,9}-\d{1,18}")
Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True)
class Filed:
    """A record of the dead letter topic, at ``partition`` and ``offset``; ``time`` is the broker's for it.

    ``id`` is what an operator calls it: the partition and offset where it was first filed. ``letter`` is None when the
    bytes are not a dead letter of this version; ``why`` may say more then. ``purged_at`` is set while a purge of it has
    begun and not ended.
    """

    id: str
    partition: int
    offset: int
    time: datetime
    letter: DeadLetter | None
    redriven_at: datetime | None = None
    purged_at: datetime | None = None
    why: str | None = None

    @property
    def happened_at(self) -> datetime:
        """Return when its record failed; of an unreadable one, when it was written."""
        return self.letter.failed_at if self.letter else self.time


@dataclass(frozen=True)
class Noted:
    """A note of the dead letter topic, at ``partition`` and ``offset``."""

    partition: int
    offset: int
    note: DeadLetterNote


Entry = Filed | Noted


def entry(
    partition: int, offset: int, time_ms: int, value: bytes | None, headers: Headers = (), *, why: str | None = None
) -> Entry:
    """Return a record as it is read, its value opened; ``why`` says what is wrong when there is none to be had."""
    try:
        return Noted(partition, offset, decode(DeadLetterNote, value))
    except UndecodableError:
        filed_as = dict(headers).get(FILED, b"").decode(errors="replace")
        letter_id = filed_as if _ID.fullmatch(filed_as) else f"{partition}-{offset}"
        return Filed(letter_id, partition, offset, datetime.fromtimestamp(time_ms / 1000, UTC), _letter(value), why=why)


def _letter(value: bytes | None) -> DeadLetter | None:
    try:
        return decode(DeadLetter, value)
    except UndecodableError:
        return None


def letters(entries: Iterable[Entry]) -> list[Filed]:
    """Return each letter once, oldest first, with what its notes say."""
    newest: dict[str, Filed] = {}
    notes: dict[tuple[str, str], datetime] = {}
    for each in entries:
        if isinstance(each, Noted):
            known = notes.get((each.note.letter, each.note.note))
            notes[each.note.letter, each.note.note] = max(known or each.note.at, each.note.at)
        elif each.id not in newest or newest[each.id].offset < each.offset:
            newest[each.id] = each
    told = [
        replace(each, redriven_at=notes.get((each.id, "redriven")), purged_at=notes.get((each.id, "purged")))
        for each in newest.values()
    ]
    return sorted(told, key=lambda each: (each.happened_at, each.partition, each.offset))


def key_of(letter: DeadLetter) -> ConversationKey | None:
    """Return the tenant and the conversation, or None for bytes that are no such key."""
    try:
        return parse_key(letter.key)
    except UndecodableError:
        return None


def tenant_of(letter: DeadLetter) -> str | None:
    """Return whose record it was: what its key says, else what its header said, else None."""
    key = key_of(letter)
    return key.tenant_id if key else letter.headers.get(TENANT)


def counted(number: int) -> str:
    """Return ``1 dead letter``, ``2 dead letters``, ..."""
    return f"{number} dead letter{'' if number == 1 else 's'}"
