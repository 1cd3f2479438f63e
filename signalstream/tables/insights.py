"""The ``insights`` table: the merged analyses of each conversation, kept until it is erased."""

from __future__ import annotations

from signalstream.core.merging import InsightState
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.streaming.application import SignalApp
from signalstream.tables.conversations import raw_table
from signalstream.tables.typed import RowSeal, TypedTable

NAME = "insights"


def insights_table(app: SignalApp, sealer: Sealer = UNSEALED) -> TypedTable[InsightState]:
    """Declare the table on ``app``."""
    rows = raw_table(app, NAME)
    return TypedTable(rows, InsightState, NAME, rows.confirmed, RowSeal(sealer, rows.changelog_topic_name))
