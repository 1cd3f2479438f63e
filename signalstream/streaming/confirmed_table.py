"""A table whose changelog records can be awaited.

Upstream's ``table[key] = value`` changes RocksDB at once and sends the changelog record some time later; when that
fails, a line is logged and the commit passes it (``faust/topics.py``, ``_on_published``). Here a writer waits for the
record of its key before it tells anyone of the row and before it acknowledges: a row that others have heard of is in
the changelog, so a revision never comes twice with different pictures, whatever dies.
"""

from __future__ import annotations

import asyncio
from functools import cached_property, partial
from typing import Any

import faust
import structlog
from aiokafka.structs import TopicPartition
from faust.types import TP
from yarl import URL

from signalstream.errors import BrokerUnavailableError
from signalstream.streaming.pool import Abandoned
from signalstream.streaming.posting import Poster
from signalstream.streaming.stepping import settled
from signalstream.streaming.storage import FailStopStore

log = structlog.get_logger()


class ConfirmedTable(faust.Table):
    """Faust's table, with the newest changelog record of each key that has one on its way."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._on_their_way: dict[bytes, asyncio.Future[Any]] = {}
        self._unsent: set[bytes] = set()
        super().__init__(*args, **options)

    def send_changelog(self, partition: int | None, key: bytes, value: bytes | None, *more: Any, **options: Any) -> Any:
        """Send a changelog record and remember it until the broker has it.

        Raises Abandoned for a row of which this worker has a standby's copy: it is the owner's to write.
        """
        if self._is_copy(partition):
            raise Abandoned
        record = super().send_changelog(partition, key, value, *more, **options)
        self._unsent.discard(key)
        self._on_their_way[key] = record
        record.add_done_callback(lambda done: self._arrived(key, done))
        return record

    def get(self, key: bytes, default: Any = None) -> Any:
        """Return a row: looked up once, where upstream looks whether there is one first."""
        store = self.data
        if not isinstance(store, FailStopStore):
            return super().get(key, default)
        value = store.value_of(key)
        return default if value is None else value

    def on_key_set(self, key: bytes, value: bytes) -> None:
        """Send the changelog record of a row that is about to be written. Raises as ``send_changelog``."""
        if not self._post(key, value):
            super().on_key_set(key, value)

    def on_key_del(self, key: bytes) -> None:
        """Send the tombstone of a row that is about to be removed. Raises as ``send_changelog``."""
        if not self._post(key, None):
            super().on_key_del(key)

    def _post(self, key: bytes, value: bytes | None) -> bool:
        """Put a changelog record into the producer's buffer; False when it must go the usual way (posting.py)."""
        store = self.data
        poster: Poster | None = self.app.producer.poster if isinstance(store, FailStopStore) else None
        if poster is None:
            return False
        partition = self.partition_for_key(key)
        if self._is_copy(partition):
            raise Abandoned
        record = poster.post_to(TopicPartition(self._changelog, partition), key, value)
        if record is None:
            return False
        self._unsent.discard(key)
        self._on_their_way[key] = record
        record.add_done_callback(partial(self._landed, key, partition, store))
        return True

    def _landed(self, key: bytes, partition: int, store: FailStopStore, record: asyncio.Future[Any]) -> None:
        self._arrived(key, record)
        error = asyncio.CancelledError() if record.cancelled() else record.exception()
        if error is not None:
            log.warning("changelog.not_sent", table=self.name, partition=partition, error=type(error).__name__)
        elif not self._is_copy(partition):
            store.stored_to(partition, record.result().offset)

    @cached_property
    def _changelog(self) -> str:
        return str(self.changelog_topic_name)

    def _new_store_by_url(self, url: str | URL) -> Any:
        if URL(url).scheme != "rocksdb":
            return super()._new_store_by_url(url)
        return FailStopStore(
            url,
            self.app,
            self,
            table_name=self.name,
            key_type=self.key_type,
            value_type=self.value_type,
            key_serializer=self.key_serializer,
            value_serializer=self.value_serializer,
            options=self.options,
            loop=self.loop,
        )

    def _on_changelog_sent(self, sent: Any) -> None:
        # A record of the time as owner that arrives now says nothing of how far the copy goes.
        if not self._is_copy(sent.result().topic_partition.partition):
            super()._on_changelog_sent(sent)

    def _is_copy(self, partition: int | None) -> bool:
        standbys = self.app.tables.recovery.standby_tps if self.app.conf.table_standby_replicas else ()
        return partition is not None and TP(self.changelog_topic_name, partition) in standbys

    async def confirmed(self, key: bytes) -> None:
        """Return once the key's newest changelog record has arrived.

        Raises BrokerUnavailableError when it has not; called again, it sends the row once more.
        """
        if key in self._unsent:
            self._send_again(key)
        record = self._on_their_way.get(key)
        if record is not None:
            await settled(record)
            self._arrived(key, record)  # its callback may be due only at the loop's next turn
        if key in self._unsent:
            raise BrokerUnavailableError(f"a changelog record of table {self.name} did not arrive")

    def _send_again(self, key: bytes) -> None:
        value = self.get(key)
        if value is None:
            self.on_key_del(key)
        else:
            self.on_key_set(key, value)

    def _arrived(self, key: bytes, record: asyncio.Future[Any]) -> None:
        if self._on_their_way.get(key) is record:
            del self._on_their_way[key]
            if record.cancelled() or record.exception() is not None:
                self._unsent.add(key)
