"""The topic of API keys, as the command reads and writes it."""

from __future__ import annotations

from datetime import datetime

from signalstream.cli.compacted import append_rows, read_rows
from signalstream.models.api_key import ApiKeyRecord
from signalstream.security.key_rows import KeyRows, row_of
from signalstream.settings import Settings
from signalstream.topics import KEYS


async def listed(settings: Settings) -> list[tuple[ApiKeyRecord, datetime | None]]:
    """Return every key with its last use. Raises BrokerUnavailableError, ConfigurationError."""
    rows = KeyRows()
    await read_rows(settings, KEYS, rows.apply)
    return rows.listed()


async def write_keys(settings: Settings, records: list[ApiKeyRecord]) -> None:
    """Write the records, in order. Raises BrokerUnavailableError, ConfigurationError."""
    await append_rows(settings, KEYS, [row_of(record) for record in records])
