"""Which worker holds a conversation's rows, and who has a copy: asked of Faust's assignor, by its key."""

from __future__ import annotations

from typing import Any, cast

from aiokafka.partitioner import DefaultPartitioner
from faust.types import TP
from yarl import URL

from signalstream.core.keys import ConversationKey
from signalstream.errors import OwnerUnavailableError
from signalstream.streaming.application import SignalApp
from signalstream.streaming.lease import elapsed

_partition_of = DefaultPartitioner()


class TableOwnership:
    """Answers from the newest assignment. ``table`` is any table of the app: all are partitioned alike."""

    def __init__(self, app: SignalApp, table: str) -> None:
        self._app = app
        self._table = table

    def owner_url(self, key: ConversationKey) -> str | None:
        """Return the owner's URL, None for this worker. Raises OwnerUnavailableError while it is not settled."""
        if not self._app.is_ready:
            raise OwnerUnavailableError("this worker is joining or recovering its tables")
        if not self._app.consumer.lease.held:  # frozen or cut off: others may have the rows by now, and newer ones
            raise OwnerUnavailableError("this worker is not sure of its partitions")
        url = self._owner(self._partition(key))
        return None if self._is_own(url) else str(url).rstrip("/")

    def copy_age(self, key: ConversationKey) -> float | None:
        """Return the age in seconds of this worker's copy of the key's rows; None without one that was ever level."""
        if not self._has_standbys():
            return None
        partition = self._partition(key)
        changelogs = [TP(topic, partition) for topic in self._app.tables.changelog_topics]
        return cast("float | None", self._app.tables.recovery.copies.age(changelogs, elapsed()))

    def copy_urls(self, key: ConversationKey) -> tuple[str, ...]:
        """Return the URLs of the other workers that hold a standby copy of the key's rows, as far as is known."""
        if not self._has_standbys():
            return ()
        tables: Any = self._app.tables
        changelog = tables[self._table].changelog_topic.get_topic_name()
        assignor: Any = self._app.assignor
        urls = map(URL, assignor.standby_urls(TP(changelog, self._partition(key))))
        return tuple(str(url).rstrip("/") for url in urls if not self._is_own(url))

    def workers(self) -> int:
        """Return how many workers are in the group of the tables, by the newest assignment; 1 before the first."""
        assignor: Any = self._app.assignor
        return max(1, len(assignor.tables_metadata()))

    def _has_standbys(self) -> bool:
        return bool(self._app.conf.table_standby_replicas)

    def _is_own(self, url: URL) -> bool:
        own = self._app.conf.canonical_url
        return (url.host, url.port) == (own.host, own.port)

    def _partition(self, key: ConversationKey) -> int:
        # Faust's router asks its producer, which knows a changelog's partitions only after the first write to it.
        everywhere = list(range(self._app.conf.topic_partitions))
        return int(_partition_of(key.encode(), everywhere, everywhere))

    def _owner(self, partition: int) -> URL:
        for host, topics in self._app.router.table_metadata(self._table).items():
            if any(partition in partitions for partitions in topics.values()):
                return URL(host)
        raise OwnerUnavailableError("no worker owns this conversation's partition yet")
