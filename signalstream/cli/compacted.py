"""A compacted topic, as a command reads and writes it: all of its rows, and new ones in order."""

from __future__ import annotations

from collections.abc import Sequence

from signalstream.settings import Settings
from signalstream.streaming.clients import connection
from signalstream.streaming.preflight import require_topic
from signalstream.streaming.replica import Apply, Replica, write_rows
from signalstream.topics import TopicSpec, topic_name


async def read_rows(settings: Settings, spec: TopicSpec, apply: Apply) -> None:
    """Tell ``apply`` every row that is there. Raises BrokerUnavailableError, ConfigurationError."""
    replica = Replica(connection(settings), topic_name(spec, settings), await require_topic(settings, spec), apply)
    await replica.start()
    await replica.stop()


async def append_rows(settings: Settings, spec: TopicSpec, rows: Sequence[tuple[bytes, bytes | None]]) -> None:
    """Write the rows, in order. Raises BrokerUnavailableError, ConfigurationError."""
    await require_topic(settings, spec)
    await write_rows(connection(settings), topic_name(spec, settings), rows)
