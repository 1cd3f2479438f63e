"""Where is looked: for each place what was searched, and which canaries stood there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aiokafka import ConsumerRecord, TopicPartition

from signalstream.core.sealing import Sealer, is_sealed
from signalstream.errors import SealedError
from tests.canary.search import Needles
from tests.canary.values import Canary
from tests.kafka.direct import administering, everything

PATTERNS = frozenset({"card", "e-mail", "key"})
EVERY_KIND = PATTERNS | {"name"}


@dataclass(frozen=True)
class Place:
    """A place that was searched. ``kinds`` are those that are promised not to be there."""

    name: str
    parts: int
    octets: int
    kinds: frozenset[str]
    found: frozenset[Canary]

    @property
    def hits(self) -> frozenset[Canary]:
        """Return the canaries that should not be there."""
        return frozenset(each for each in self.found if each.kind in self.kinds)


def searched(name: str, contents: Iterable[bytes], needles: Needles, kinds: frozenset[str] = EVERY_KIND) -> Place:
    """Search what a place holds."""
    parts, octets, found = 0, 0, set[Canary]()
    for content in contents:
        parts, octets = parts + 1, octets + len(content)
        found |= needles.found(content)
    return Place(name, parts, octets, kinds, frozenset(found))


async def records_of(bootstrap: str, prefixes: tuple[str, ...], partitions: int) -> list[ConsumerRecord]:
    """Return every record of the topics and changelogs whose names begin so."""
    async with administering(bootstrap) as admin:
        names = [name for name in await admin.list_topics() if name.startswith(prefixes)]
    return await everything(bootstrap, [TopicPartition(name, number) for name in names for number in range(partitions)])


def whole(record: ConsumerRecord) -> bytes:
    """Return all that a record says: key, value, headers."""
    headers = [name.encode() + b" " + content for name, content in record.headers]
    return b"\n".join([record.key or b"", record.value or b"", *headers])


def opened(records: Iterable[ConsumerRecord], sealer: Sealer) -> Iterable[bytes]:
    """Yield the sealed values as who has the keys reads them."""
    for record in records:
        if record.value and is_sealed(record.value):
            try:
                yield sealer.open(record.topic, record.key, record.value)
            except SealedError:
                continue


def files(*folders: Path) -> Iterable[bytes]:
    """Yield each file below the folders."""
    return (path.read_bytes() for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
