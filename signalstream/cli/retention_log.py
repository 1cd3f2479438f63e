"""What a deployment keeps, as its topics tell: the newest row of each key of the tables' changelogs.

Only what retention has to know of a row stays in memory, so that a command can look at millions of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from signalstream.cli.bars import Bars
from signalstream.cli.dlq_log import records
from signalstream.core.sealing import Sealer
from signalstream.errors import KeyDestroyedError, UndecodableError
from signalstream.models.conversation import ConversationState
from signalstream.models.windows import WindowState
from signalstream.settings import Settings
from signalstream.streaming.values import read
from signalstream.tables import conversations, windows
from signalstream.tables.retention import Request, Requests
from signalstream.topics import changelog_name

Look = Callable[[ConsumerRecord], Request | None]


async def due_requests(
    settings: Settings, reader: AIOKafkaConsumer, requests: Requests, sealer: Sealer, now: datetime
) -> tuple[list[Request], int]:
    """Return the requests for all that is due, and how many rows could not be read. Raises BrokerUnavailableError."""

    def conversation(record: ConsumerRecord) -> Request | None:
        return requests.conversation(record.key, read(sealer, ConversationState, record), now)

    def window(record: ConsumerRecord) -> Request | None:
        return requests.window(record.key, read(sealer, WindowState, record), now)

    found, unreadable = list[Request](), 0
    for table, look in ((conversations.NAME, conversation), (windows.NAME, window)):
        due, count = await _newest(reader, settings, changelog_name(table, settings), look)
        found, unreadable = [*found, *due], unreadable + count
    return found, unreadable


async def _newest(
    reader: AIOKafkaConsumer, settings: Settings, changelog: str, look: Look
) -> tuple[list[Request], int]:
    of = [TopicPartition(changelog, number) for number in range(settings.partitions)]
    begins, ends = await reader.beginning_offsets(of), await reader.end_offsets(of)
    ranges = {each: (begins[each], ends[each]) for each in of}
    due: dict[bytes, Request] = {}
    unreadable: set[bytes] = set()
    with Bars().bar(f"reading {changelog}", sum(end - begin for begin, end in ranges.values())) as advance:
        async for batch in records(reader, ranges):
            for record in batch:
                take(record, look, due, unreadable)
            advance(len(batch))
    return list(due.values()), len(unreadable)


def take(record: ConsumerRecord, look: Look, due: dict[bytes, Request], unreadable: set[bytes]) -> None:
    """Take in a row, which replaces what was found of its key before."""
    due.pop(record.key, None)
    unreadable.discard(record.key)
    if record.value is None:
        return
    try:
        request = look(record)
    except KeyDestroyedError:
        return
    except UndecodableError:
        unreadable.add(record.key)
        return
    if request is not None:
        due[record.key] = request
