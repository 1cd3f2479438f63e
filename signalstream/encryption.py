"""Encryption at rest, put together: the vault, the topic that it knows the keys from, and what starts and ends it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.errors import KafkaError

from signalstream.core.clock import SystemClock
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.errors import BrokerUnavailableError, ConfigurationError, KeyPendingError, SignalStreamError
from signalstream.models.tenant_key import TenantKeyRecord
from signalstream.security.master_keys import master_key_source
from signalstream.security.vault import Vault
from signalstream.security.vault_rows import KEY_ROW, Row
from signalstream.settings import Settings
from signalstream.streaming.clients import connection
from signalstream.streaming.compaction import Replaced, until_compacted
from signalstream.streaming.preflight import inspect
from signalstream.streaming.refusal import refusal
from signalstream.streaming.replica import Replica
from signalstream.topics import VAULT, topic_name

WRITE_SECONDS = 5.0
Forget = Callable[[str], None]


class Encryption:
    """The vault of a process. Raises ConfigurationError when there is no master key.

    ``forgetters`` are told of each tenant whose keys were destroyed: it has no values any more. ``made`` is told of
    each key that this process makes.
    """

    def __init__(self, settings: Settings, made: Callable[[TenantKeyRecord], None]) -> None:
        self._connection, self.topic = connection(settings), topic_name(VAULT, settings)
        self._partitions = settings.partitions
        self.forgetters: list[Forget] = []
        self.replica = Replica(self._connection, self.topic, settings.partitions, self._apply)
        self.vault = Vault(
            master_key_source(settings),
            self.write,
            self.replica.age,
            SystemClock(),
            reads_clear=settings.encryption == "migrate",
            forget=self._forget,
            made=made,
        )
        self._producer: Any = None
        self._erased: Counter[str] = Counter()

    async def start(self) -> None:
        """Connect, and return once every key can be used.

        Raises BrokerUnavailableError, and ConfigurationError when a master key is missing.
        """
        await self.connect()
        try:
            self.vault.require_master_keys()
        except KeyPendingError as error:
            await self.stop()
            raise ConfigurationError(str(error)) from error

    async def connect(self) -> None:
        """Return once every key is known, as far as the broker tells. Raises BrokerUnavailableError."""
        self._producer = self._connection.producer(acks="all", request_timeout_ms=int(WRITE_SECONDS * 1000))
        try:
            await self._producer.start()
            await self.replica.start()
        except KafkaError as error:
            await self.stop()
            raise await refusal(self._connection, error) from error
        except SignalStreamError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Follow and write no more."""
        await self.replica.stop()
        if self._producer is not None:
            await self._producer.stop()

    async def write(self, rows: Sequence[Row]) -> None:
        """Return once all in-sync replicas have the rows. Raises BrokerUnavailableError."""
        if self._producer is None:
            raise BrokerUnavailableError("this process is not connected to the vault's topic yet; try again shortly")
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                for sent in [await self._producer.send(self.topic, value, key=key) for key, value in rows]:
                    await sent
        except (KafkaError, TimeoutError) as error:
            raise BrokerUnavailableError(
                f"the broker did not confirm a key on {self.topic} within {WRITE_SECONDS:g} s ({type(error).__name__})"
            ) from error

    async def until_compacted(self, replaced: Replaced, seconds: float) -> int:
        """Return how many of the ``replaced`` keys' rows the broker still gives out after ``seconds`` at most.

        Raises BrokerUnavailableError.
        """
        is_key = f"{KEY_ROW}/".encode()
        return await until_compacted(
            self._connection,
            self.topic,
            self._partitions,
            lambda key, value: key.startswith(is_key) and replaced(key, value),
            seconds,
        )

    def note_erased(self, stage: str) -> None:
        """Count a record that was skipped because its tenant's key is destroyed."""
        self._erased[stage] += 1

    def health(self) -> dict[str, object]:
        """Describe it for ``/health``."""
        known = self.vault.health() | {"records_erased": dict(self._erased)}
        return known if self.replica.is_fresh() else known | {"status": "degraded", "topic": self.replica.health()}

    def _apply(self, key: bytes, value: bytes | None) -> None:
        self.vault.apply(key, value)

    def _forget(self, tenant: str) -> None:
        for forget in self.forgetters:
            forget(tenant)


def encryption(settings: Settings, made: Callable[[TenantKeyRecord], None] = lambda _record: None) -> Encryption | None:
    """Return what the settings ask for; None where values stay in the clear. Raises ConfigurationError."""
    return None if settings.encryption == "off" else Encryption(settings, made)


async def require_vault_topic(settings: Settings) -> None:
    """Raise ConfigurationError unless the vault's topic is there as it should be, BrokerUnavailableError."""
    topic = topic_name(VAULT, settings)
    row = next(row for row in (await inspect(settings)).rows if row.name == topic)
    if problems := row.problems():
        raise ConfigurationError("; ".join(problems))


@asynccontextmanager
async def opened_sealer(settings: Settings) -> AsyncIterator[Sealer]:
    """Give a command what seals and opens values. Raises ConfigurationError, BrokerUnavailableError."""
    encrypting = encryption(settings)
    if encrypting is None:
        yield UNSEALED
        return
    try:
        await require_vault_topic(settings)
        await encrypting.start()
        yield encrypting.vault
    finally:
        await encrypting.stop()
