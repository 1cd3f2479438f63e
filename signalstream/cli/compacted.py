"""A compacted topic, as a command reads and writes it: all of its rows, and new ones in order."""

from __future__ import annotations

from collections.abc import Sequence

from signalstream.errors import ConfigurationError
from signalstream.settings import Settings
from signalstream.streaming.clients import connection
from signalstream.streaming.preflight import inspect
from signalstream.streaming.replica import Apply, Replica, write_rows
from signalstream.topics import TopicSpec, topic_name


async def read_rows(settings: Settings, spec: TopicSpec, apply: Apply) -> None:
    """Tell ``apply`` every row that is there. Raises BrokerUnavailableError, ConfigurationError."""
    replica = Replica(connection(settings), topic_name(spec, settings), await partitions_of(settings, spec), apply)
    await replica.start()
    await replica.stop()


async def append_rows(settings: Settings, spec: TopicSpec, rows: Sequence[tuple[bytes, bytes | None]]) -> None:
    """Write the rows, in order. Raises BrokerUnavailableError, ConfigurationError."""
    await partitions_of(settings, spec)
    await write_rows(connection(settings), topic_name(spec, settings), rows)


async def partitions_of(settings: Settings, spec: TopicSpec) -> int:
    """Return how many partitions a topic has. Raises ConfigurationError unless it is as it should be."""
    topic = topic_name(spec, settings)
    row = next(row for row in (await inspect(settings)).rows if row.name == topic)
    if row.partitions_found is None:
        raise ConfigurationError(f"the broker has no topic {topic}; run `signalstream topics create`")
    if problems := row.problems():
        raise ConfigurationError("; ".join(problems))
    return row.partitions_found
