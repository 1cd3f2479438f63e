"""The ``insights`` table: the merged analyses of each conversation, kept until it is erased."""

from __future__ import annotations

from signalstream.core.merging import InsightState
from signalstream.streaming.application import SignalApp
from signalstream.tables.conversations import raw_table
from signalstream.tables.typed import TypedTable

NAME = "insights"


def insights_table(app: SignalApp) -> TypedTable[InsightState]:
    """Declare the table on ``app``."""
    rows = raw_table(app, NAME)
    return TypedTable(rows, InsightState, NAME, rows.confirmed)
