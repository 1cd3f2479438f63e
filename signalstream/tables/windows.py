"""The ``windows`` table: a row per conversation and span of event time, kept for the window retention.

A row's key is the conversation's key, a zero byte and the window's start: no conversation id holds a zero byte, for
it must be printable. Faust writes the row to the partition of the event at hand, which is the conversation's.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import datetime

from signalstream.core.deadlines import Deadlines
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.errors import UndecodableError
from signalstream.models.windows import WindowState
from signalstream.streaming.application import SignalApp
from signalstream.tables.conversations import raw_table
from signalstream.tables.typed import UNSEALED_ROWS, Confirm, RowSeal, TypedTable

NAME = "windows"
_SEPARATOR = b"\x00"


def windows_table(app: SignalApp, deadlines: Deadlines, sealer: Sealer = UNSEALED) -> WindowTable:
    """Declare the table on ``app``; ``deadlines`` is kept up to date with its rows."""
    rows = raw_table(app, NAME)
    return WindowTable(rows, deadlines, rows.confirmed, RowSeal(sealer, rows.changelog_topic_name))


def row_key(conversation: bytes, start: int) -> bytes:
    """Return the key of a window's row."""
    return conversation + _SEPARATOR + str(start).encode()


def parse_row_key(key: bytes) -> tuple[bytes, int]:
    """Return the conversation's key and the window's start."""
    conversation, separator, start = key.rpartition(_SEPARATOR)
    if not separator or not start.removeprefix(b"-").isdigit():
        raise UndecodableError("a row of the windows table has a key that this version does not write")
    return conversation, int(start)


def due_at(row: WindowState) -> datetime:
    """Return when a row is to be closed or, once closed, dropped."""
    return row.expires_at if row.status == "closed" else row.deadline


class WindowTable(TypedTable[WindowState]):
    """The table with an index of when each row is to be closed or dropped."""

    def __init__(
        self,
        rows: MutableMapping[bytes, bytes],
        deadlines: Deadlines,
        confirm: Confirm | None = None,
        seal: RowSeal = UNSEALED_ROWS,
    ) -> None:
        super().__init__(rows, WindowState, NAME, confirm, seal)
        self._deadlines = deadlines

    def put(self, key: bytes, row: WindowState) -> None:
        """Write the row and note when it is due next."""
        super().put(key, row)
        self.note(key, row)

    def remove(self, key: bytes) -> None:
        """Write a tombstone."""
        super().remove(key)
        self._deadlines.forget(key)

    def bury(self, key: bytes) -> None:
        """Write a tombstone, of a row that is not here too."""
        super().bury(key)
        self._deadlines.forget(key)

    def note(self, key: bytes, row: WindowState) -> None:
        """Note when a row is due."""
        self._deadlines.set(key, due_at(row))
