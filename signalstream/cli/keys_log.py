"""The topic of API keys, as the command reads and writes it."""

from __future__ import annotations

from datetime import datetime

from signalstream.errors import ConfigurationError
from signalstream.models.api_key import ApiKeyRecord
from signalstream.security.key_rows import KeyRows, row_of
from signalstream.settings import Settings
from signalstream.streaming.clients import connection
from signalstream.streaming.preflight import inspect
from signalstream.streaming.replica import Replica, write_rows
from signalstream.topics import KEYS, topic_name


async def listed(settings: Settings) -> list[tuple[ApiKeyRecord, datetime | None]]:
    """Return every key with its last use. Raises BrokerUnavailableError, ConfigurationError."""
    rows = KeyRows()
    replica = Replica(connection(settings), topic_name(KEYS, settings), await _partitions(settings), rows.apply)
    await replica.start()
    await replica.stop()
    return rows.listed()


async def write_keys(settings: Settings, records: list[ApiKeyRecord]) -> None:
    """Write the records, in order. Raises BrokerUnavailableError, ConfigurationError."""
    await _partitions(settings)
    await write_rows(connection(settings), topic_name(KEYS, settings), [row_of(record) for record in records])


async def _partitions(settings: Settings) -> int:
    topic = topic_name(KEYS, settings)
    row = next(row for row in (await inspect(settings)).rows if row.name == topic)
    if row.partitions_found is None:
        raise ConfigurationError(f"the broker has no topic {topic}; run `signalstream topics create`")
    if problems := row.problems():
        raise ConfigurationError("; ".join(problems))
    return row.partitions_found
