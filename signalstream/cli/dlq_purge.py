"""Purging dead letters from a log that can only be cut off at its beginning.

In each partition that holds a letter to purge: note that it is to be gone, write the letters that stay and lie before
it once more at the end, and let the broker delete everything up to it (DeleteRecords). Then read the topic again and
look. Whenever this breaks off, nothing that stays is lost, the notes say what was meant, and the next purge ends it.

Two purges at once may each keep what the other purges; whichever looks last sees the other's notes and goes on until
nothing of either is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import KafkaError

from signalstream.cli.bars import Bars
from signalstream.cli.dead_letters import Entry, Filed, Noted, letters
from signalstream.cli.dlq_log import REQUEST_MS, Notes, read_entries, records
from signalstream.errors import BrokerUnavailableError, ConfigurationError
from signalstream.streaming.headers import FILED

ROUNDS = 5
Place = tuple[int, int]  # partition and offset


@dataclass(frozen=True)
class Plan:
    """``upto``: before which offset each partition is cut off. ``move``: what stays of that, by place, with its id.

    ``note``: the letters whose purge has not been noted yet.
    """

    upto: Mapping[int, int]
    move: Mapping[Place, str]
    note: Sequence[Filed]


def plan(entries: Collection[Entry], chosen: Collection[str]) -> Plan:
    """Return how to be rid of the ``chosen`` ids, and of those whose purge was noted and not ended."""
    kept = {each.id: each for each in letters(entries)}
    going = {name: each for name, each in kept.items() if name in chosen or each.purged_at}
    upto: dict[int, int] = {}
    for each in entries:
        if isinstance(each, Filed) and each.id in going:
            upto[each.partition] = max(upto.get(each.partition, 0), each.offset + 1)
    stay = [each for name, each in kept.items() if name not in going]
    ids = {each.id for each in stay}
    moved = {(each.partition, each.offset): each.id for each in stay} | _notes_of(ids, entries)
    move = {place: name for place, name in moved.items() if place[1] < upto.get(place[0], 0)}
    return Plan(upto, move, [each for each in going.values() if not each.purged_at])


def _notes_of(ids: Collection[str], entries: Iterable[Entry]) -> dict[Place, str]:
    newest = {each.note.letter: each for each in entries if isinstance(each, Noted) and each.note.letter in ids}
    return {(each.partition, each.offset): name for name, each in newest.items()}


@dataclass(frozen=True)
class Purge:
    """One purge on the broker."""

    reader: AIOKafkaConsumer
    producer: AIOKafkaProducer
    admin: AIOKafkaAdminClient
    notes: Notes
    partitions: list[TopicPartition]
    bars: Bars

    async def run(self, chosen: Collection[str]) -> None:
        """Return once the broker gives none of the chosen letters to anyone.

        Raises ConfigurationError when the broker cannot delete records; then nothing was changed.
        """
        await self._delete(dict.fromkeys((each.partition for each in self.partitions), 0))
        for _ in range(ROUNDS):
            entries, ranges = await read_entries(self.reader, self.partitions, self.bars, self.notes.sealer)
            todo = plan(entries, chosen)
            if not todo.upto:
                return
            for letter in todo.note:
                await self.notes.purged(letter)
            await self._move(todo, {each.partition: begin for each, (begin, _) in ranges.items()})
            await self._delete(todo.upto)
        raise BrokerUnavailableError(
            "another purge keeps putting back what this one removes; wait until it has ended, then run this one again"
        )

    async def _move(self, todo: Plan, begins: Mapping[int, int]) -> None:
        ranges = {
            each: (begins[each.partition], todo.upto[each.partition])
            for each in self.partitions
            if each.partition in todo.upto
        }
        with self.bars.bar("moving the letters that stay", len(todo.move)) as advance:
            async for batch in records(self.reader, ranges):
                for record in batch:
                    if name := todo.move.get((record.partition, record.offset)):
                        await self._again(record, name)
                        advance(1)

    async def _again(self, record: ConsumerRecord, name: str) -> None:
        headers = [(known, content) for known, content in record.headers if known != FILED]
        await self.producer.send_and_wait(
            record.topic,
            record.value,
            record.key,
            partition=record.partition,
            timestamp_ms=record.timestamp,  # so that it is kept no longer than it would have been
            headers=[*headers, (FILED, name.encode())],
        )

    async def _delete(self, upto: Mapping[int, int]) -> None:
        wanted = {each: RecordsToDelete(upto[each.partition]) for each in self.partitions if each.partition in upto}
        try:
            await self.admin.delete_records(wanted, timeout_ms=REQUEST_MS)
        except KafkaError as error:
            raise ConfigurationError(
                f"the broker did not delete records ({type(error).__name__}): the embedded broker cannot, Apache Kafka "
                "wants the right to delete on the topic; letters stay until their retention ends"
            ) from error
