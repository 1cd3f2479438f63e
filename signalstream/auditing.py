"""The audit log, put together: a chained trail on the topic ``security.audit``, for a worker and for a command.

All of it lies in one partition: the log has one order, in which nothing can be moved unseen.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiokafka.errors import KafkaError

from signalstream.core.audit import AuditEvent
from signalstream.core.clock import SystemClock
from signalstream.core.sealing import Sealer
from signalstream.encryption import opened_sealer
from signalstream.errors import BrokerUnavailableError, SignalStreamError
from signalstream.models.audit import SignedEntry
from signalstream.security.audit_secrets import audit_secrets
from signalstream.security.audit_trail import ChainedTrail, checkpoint
from signalstream.settings import Settings
from signalstream.streaming.clients import connection
from signalstream.streaming.preflight import require_topic
from signalstream.streaming.refusal import refusal
from signalstream.streaming.tail import Tail
from signalstream.streaming.values import encode, sealable
from signalstream.topics import AUDIT, topic_name

KEY = b"audit"
PARTITION = 0
WRITE_SECONDS = 5.0
READ_SECONDS = 10.0
HEARD = 500  # newest entries that a new chain looks at for those that nothing names
log = structlog.get_logger()


class AuditLog:
    """The audit trail of a process, on Kafka."""

    def __init__(self, settings: Settings, sealer: Sealer) -> None:
        self._connection, self._topic = connection(settings), topic_name(AUDIT, settings)
        self._sealer = sealer
        secrets = audit_secrets(settings)
        self._trail = ChainedTrail(self._topic, secrets, sealer, SystemClock(), self._write)
        self._tail = Tail(self._connection, self._topic, 1, HEARD, self._trail.heard, model=SignedEntry, sealer=sealer)
        self._producer: Any = None
        self._signed, self._refused = bool(secrets.secrets), 0

    async def start(self) -> None:
        """Connect, and return once the newest entries are known. Raises BrokerUnavailableError."""
        self._producer = self._connection.producer(acks="all", request_timeout_ms=int(WRITE_SECONDS * 1000))
        try:
            await self._producer.start()
            await self._tail.start()
            async with asyncio.timeout(READ_SECONDS):
                await self._tail.caught_up.wait()
        except TimeoutError as error:
            await self.stop()
            raise BrokerUnavailableError(
                f"{self._topic} could not be read within {READ_SECONDS:g} s; see whether the broker has it "
                "(`signalstream topics check`) and lets this process read it, and whether SIGNALSTREAM_ENCRYPTION and "
                "the master key are those of the workers"
            ) from error
        except KafkaError as error:
            await self.stop()
            raise await refusal(self._connection, error) from error

    async def stop(self) -> None:
        """Write and follow no more."""
        await self._tail.stop()
        if self._producer is not None:
            await self._producer.stop()

    async def record(self, event: AuditEvent) -> None:
        """See core.audit.AuditTrail."""
        try:
            await self._trail.record(event)
        except SignalStreamError:
            self._refused += 1
            raise

    async def checkpoint(self) -> None:
        """Note that the log was there up to now; what cannot be noted now is noted the next time."""
        try:
            await self.record(checkpoint())
        except SignalStreamError as error:
            log.warning("audit.checkpoint_not_written", detail=str(error))

    def health(self) -> dict[str, object]:
        """Describe it for ``/health``: degraded while it does not follow the log."""
        status = "ok" if self._tail.health()["status"] == "ok" else "degraded"
        return {"status": status, "signed": self._signed, "events_refused": self._refused}

    async def _write(self, signed: SignedEntry) -> None:
        if self._producer is None:
            raise BrokerUnavailableError("this process is not connected to the audit log yet; try again shortly")
        await sealable(self._sealer, KEY)
        value = self._sealer.seal(self._topic, KEY, encode(signed))
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self._producer.send_and_wait(self._topic, value, key=KEY, partition=PARTITION)
        except (KafkaError, TimeoutError) as error:
            raise BrokerUnavailableError(
                f"the broker did not confirm an event on {self._topic} within {WRITE_SECONDS:g} s "
                f"({type(error).__name__}); what was to be audited is not done"
            ) from error


@asynccontextmanager
async def opened_audit(settings: Settings, sealer: Sealer | None = None) -> AsyncIterator[AuditLog]:
    """Give a command an audit trail. Raises ConfigurationError, BrokerUnavailableError."""
    if sealer is None:
        async with opened_sealer(settings) as found, opened_audit(settings, found) as audit:
            yield audit
        return
    await require_topic(settings, AUDIT)
    audit = AuditLog(settings, sealer)
    await audit.start()
    try:
        yield audit
    finally:
        await audit.stop()
