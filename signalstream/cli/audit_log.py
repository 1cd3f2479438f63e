"""The audit log on the broker, read whole from its beginning to its present end."""

from __future__ import annotations

from aiokafka import ConsumerRecord

from signalstream.auditing import PARTITION
from signalstream.cli.dlq_log import consumer, partitions, records
from signalstream.core.audit_check import Stored
from signalstream.core.sealing import Sealer
from signalstream.errors import KeyDestroyedError, UndecodableError
from signalstream.models.audit import SignedEntry
from signalstream.settings import Settings
from signalstream.streaming.values import read
from signalstream.topics import AUDIT


async def read_log(settings: Settings, sealer: Sealer) -> list[Stored]:
    """Return every record of the log, in its order. Raises BrokerUnavailableError, ConfigurationError."""
    found: list[ConsumerRecord] = []
    async with consumer(settings) as reader:
        of = await partitions(settings, AUDIT)
        begins, ends = await reader.beginning_offsets(of), await reader.end_offsets(of)
        async for batch in records(reader, {each: (begins[each], ends[each]) for each in of}):
            found += batch
    return [_stored(each, sealer) for each in sorted(found, key=lambda each: (each.partition, each.offset))]


def _stored(record: ConsumerRecord, sealer: Sealer) -> Stored:
    place, stray = f"{record.partition}-{record.offset}", record.partition != PARTITION
    try:
        return Stored(place, read(sealer, SignedEntry, record), stray=stray)
    except (KeyDestroyedError, UndecodableError) as error:
        return Stored(place, None, why=str(error), stray=stray)
