"""The ``erasures`` table: a mark for each conversation that was erased, until no topic holds anything of it.

It keeps nothing of the conversation but its key, which the marks are found by.
"""

from __future__ import annotations

from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.models.erasure import ErasureMark
from signalstream.streaming.application import SignalApp
from signalstream.tables.conversations import raw_table
from signalstream.tables.typed import RowSeal, TypedTable

NAME = "erasures"


def erasures_table(app: SignalApp, sealer: Sealer = UNSEALED) -> TypedTable[ErasureMark]:
    """Declare the table on ``app``."""
    rows = raw_table(app, NAME)
    return TypedTable(rows, ErasureMark, NAME, rows.confirmed, RowSeal(sealer, rows.changelog_topic_name))
