"""The ``conversations`` table: one row per conversation, kept until it is erased."""

from __future__ import annotations

from typing import Any

from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.models.conversation import ConversationState
from signalstream.streaming.application import SignalApp
from signalstream.tables.typed import RowSeal, TypedTable

NAME = "conversations"


def conversations_table(app: SignalApp, sealer: Sealer = UNSEALED) -> TypedTable[ConversationState]:
    """Declare the table on ``app``."""
    rows = raw_table(app, NAME)
    return TypedTable(rows, ConversationState, NAME, rows.confirmed, RowSeal(sealer, rows.changelog_topic_name))


def raw_table(app: SignalApp, name: str) -> Any:
    """Declare a table of raw bytes whose changelog is ``<app id>-<name>-changelog``."""
    return app.Table(name, key_type=bytes, value_type=bytes, partitions=app.conf.topic_partitions)
