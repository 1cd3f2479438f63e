"""Which worker holds a conversation's rows: asked of Faust's assignor, by the conversation's key."""

from __future__ import annotations

from aiokafka.partitioner import DefaultPartitioner
from yarl import URL

from signalstream.core.keys import ConversationKey
from signalstream.errors import OwnerUnavailableError
from signalstream.streaming.application import SignalApp

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
        url = self._owner(self._partition(key))
        own = self._app.conf.canonical_url
        if (url.host, url.port) == (own.host, own.port):
            return None
        return str(url).rstrip("/")

    def _partition(self, key: ConversationKey) -> int:
        # Faust's router asks its producer, which knows a changelog's partitions only after the first write to it.
        everywhere = list(range(self._app.conf.topic_partitions))
        return int(_partition_of(key.encode(), everywhere, everywhere))

    def _owner(self, partition: int) -> URL:
        for host, topics in self._app.router.table_metadata(self._table).items():
            if any(partition in partitions for partitions in topics.values()):
                return URL(host)
        raise OwnerUnavailableError("no worker owns this conversation's partition yet")
