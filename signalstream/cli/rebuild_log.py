"""A rebuild's side of the broker: the served version's offsets and changelogs read, the next version's written.

Nothing of the served version is written. The next version's group has no members while it is made: its commits say
how far its changelogs have come, and carry a note that keeps workers away until they are complete.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from signalstream.core.sealing import Sealer
from signalstream.errors import BrokerUnavailableError, KeyDestroyedError, SealedError
from signalstream.settings import Settings
from signalstream.streaming.administration import connected_admin
from signalstream.streaming.clients import connection
from signalstream.streaming.values import opened, sealable
from signalstream.streaming.versions import BUILDING, BUILT
from signalstream.tables.replay import Rebuilt, Tables
from signalstream.topics import (
    AI_TOPICS,
    CONVERSATION_COMMANDS,
    RAW,
    TABLES,
    WINDOW_COMMANDS,
    changelog_name,
    topic_name,
)

CARRIED = ("carried", b"1")
QUIET_POLLS = 10
POLL_MS = 1_000
LAST_FETCH_MS = 50  # a fetch at the end of a log holds up the next partition for as long
Offsets = dict[TopicPartition, int]


@dataclass(frozen=True)
class Logs:
    """The topics of a rebuild. ``read`` are those that are replayed."""

    served: Settings
    rebuilt: Settings

    @property
    def raw(self) -> str:
        """Return the topic of messages."""
        return topic_name(RAW, self.served)

    @property
    def analyses(self) -> dict[str, str]:
        """Return the topic of each agent's analyses."""
        return {spec.writers[0]: topic_name(spec, self.served) for spec in AI_TOPICS}

    @property
    def commands(self) -> tuple[str, ...]:
        """Return the topics of commands, which are not replayed: what they ask for follows from the others."""
        return tuple(topic_name(spec, self.served) for spec in (WINDOW_COMMANDS, CONVERSATION_COMMANDS))

    def read(self, partition: int) -> list[TopicPartition]:
        """Return what is replayed into a partition's tables."""
        return [TopicPartition(topic, partition) for topic in (self.raw, *self.analyses.values())]

    def committed(self, partition: int) -> list[TopicPartition]:
        """Return all that the core group of a version commits of a partition."""
        return [*self.read(partition), *(TopicPartition(topic, partition) for topic in self.commands)]


class RebuildLog:
    """Reads and writes one partition at a time, by clients that ``open_log`` has connected."""

    def __init__(self, logs: Logs, admin: Any, reader: Any, committer: Any, *, producer: Any, sealer: Sealer) -> None:
        self.logs = logs
        self._sealer = sealer
        self.admin = admin
        self._reader, self._committer, self._producer = reader, committer, producer

    async def rows(self, settings: Settings, partition: int) -> tuple[Tables, set[bytes]]:
        """Return a version's rows of a partition, and the keys of those that a rebuild has carried over."""
        tables = Tables()
        carried: set[bytes] = set()
        changelogs = {changelog_name(name, settings): name for name in TABLES}
        ends = await self.ends(TopicPartition(changelog, partition) for changelog in changelogs)
        async for record in self.between(dict.fromkeys(ends), ends):
            name = changelogs[record.topic]
            rows = tables.named()[name]
            value = self.opened(record)
            if value is None:
                rows.pop(record.key, None)
                continue
            rows[record.key] = value
            if name == TABLES[0]:
                tables.written_at[record.key] = datetime.fromtimestamp(record.timestamp / 1000, UTC)
                (carried.add if CARRIED in record.headers else carried.discard)(record.key)
        return tables, carried

    def opened(self, record: Any) -> bytes | None:
        """Return a record's value; None for one that is erased, and bytes that do not open as they are."""
        try:
            return opened(self._sealer, record)
        except KeyDestroyedError:
            return None
        except SealedError:  # nothing decodes them either, and who tries counts that
            value: bytes = record.value
            return value

    async def between(self, starts: Mapping[TopicPartition, int | None], ends: Offsets) -> AsyncIterator[Any]:
        """Yield the records of all partitions in the order of their times. Raises BrokerUnavailableError.

        A start of None is the beginning of the log.
        """
        reader = self._reader
        reader.assign(list(ends))
        for partition, start in starts.items():
            if start is None:
                await reader.seek_to_beginning(partition)
            else:
                reader.seek(partition, start)
        waiting: dict[TopicPartition, list[Any]] = {partition: [] for partition in ends}
        while True:
            await self._fill(waiting, ends)
            heads = [records[-1] for records in waiting.values() if records]
            if not heads:
                return
            earliest = min(heads, key=lambda record: (record.timestamp, record.topic))
            yield waiting[TopicPartition(earliest.topic, earliest.partition)].pop()

    async def _fill(self, waiting: dict[TopicPartition, list[Any]], ends: Offsets) -> None:
        quiet = 0
        while hungry := [
            partition
            for partition, records in waiting.items()
            if not records and await self._reader.position(partition) < ends[partition]
        ]:
            batches = await self._reader.getmany(*hungry, timeout_ms=POLL_MS)
            quiet = 0 if batches else quiet + 1
            if quiet >= QUIET_POLLS:
                names = ", ".join(f"{each.topic}-{each.partition}" for each in hungry)
                raise BrokerUnavailableError(f"the broker sent nothing of {names} for {QUIET_POLLS} s; run it again")
            for partition, records in batches.items():  # last first, so that the next one is popped from the end
                waiting[partition] = [each for each in reversed(records) if each.offset < ends[partition]]

    async def beginnings(self, partitions: Iterable[TopicPartition]) -> Offsets:
        """Return where each log begins."""
        found: Offsets = await self._reader.beginning_offsets(list(partitions))
        return found

    async def ends(self, partitions: Iterable[TopicPartition]) -> Offsets:
        """Return where each log ends."""
        found: Offsets = await self._reader.end_offsets(list(partitions))
        return found

    async def write(self, partition: int, rebuilt: Rebuilt) -> int:
        """Write every changed row to its changelog and return how many, once all in-sync replicas have them."""
        sent = []
        for name, rows in rebuilt.named().items():
            changelog = changelog_name(name, self.logs.rebuilt)
            for key, value in rows.take_changes():
                headers = [CARRIED] if name == TABLES[0] and key in rebuilt.carried else []
                sealed = None if value is None else await self._sealed(changelog, key, value)
                sent.append(await self._producer.send(changelog, sealed, key, partition=partition, headers=headers))
        for each in sent:
            await each
        return len(sent)

    async def _sealed(self, changelog: str, key: bytes, value: bytes) -> bytes:
        await sealable(self._sealer, key)
        return self._sealer.seal(changelog, key, value)

    async def commit(self, offsets: Offsets, complete: bool) -> None:
        """Commit how far the changelogs have come, with the note that says whether they are complete."""
        note = BUILT if complete else BUILDING
        self._committer.assign(list(offsets))
        await self._committer.commit({each: OffsetAndMetadata(offset, note) for each, offset in offsets.items()})


@asynccontextmanager
async def open_log(logs: Logs, sealer: Sealer) -> AsyncIterator[RebuildLog]:
    """Connect the clients of a rebuild and close them at the end. Raises BrokerUnavailableError."""
    kafka = connection(logs.served)
    reader = kafka.consumer(
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=LAST_FETCH_MS,
    )
    committer = kafka.consumer(enable_auto_commit=False, group_id=logs.rebuilt.core_id())
    producer = kafka.producer(acks="all", linger_ms=5)
    async with connected_admin(logs.served) as admin, AsyncExitStack() as running:
        for client in (reader, committer, producer):
            running.push_async_callback(client.stop)
            await client.start()
        yield RebuildLog(logs, admin, reader, committer, producer=producer, sealer=sealer)
