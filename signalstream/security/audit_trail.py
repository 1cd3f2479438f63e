"""The audit trail of a process: each event takes its place in the process's chain, signed, before it is told done."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from signalstream.core.audit import DEPLOYMENT, OF_CONVERSATIONS, AuditEvent
from signalstream.core.audit_chain import Chain, ChainSecrets
from signalstream.core.clock import Clock
from signalstream.core.sealing import Sealer
from signalstream.errors import KeyDestroyedError, SealedError
from signalstream.models.audit import AuditEntry, SignedEntry

WRITER_BYTES = 8
ERASED = "(erased)"
Write = Callable[[SignedEntry], Awaitable[None]]
Details = Mapping[str, str | int | bool]


class Body(NamedTuple):
    """What an entry says of what was acted on."""

    subject: str
    detail: Details


class ChainedTrail:
    """Chains events and has them written, one after the other. ``topic`` is what bodies are sealed for.

    ``write`` returns once all in-sync replicas have the entry, and raises BrokerUnavailableError.
    """

    def __init__(self, topic: str, secrets: ChainSecrets, sealer: Sealer, clock: Clock, write: Write) -> None:
        self._topic = topic
        self._sealer = sealer
        self._clock = clock
        self._write = write
        self._chain = Chain(new_writer(), secrets)
        self._one_by_one = asyncio.Lock()

    def heard(self, signed: SignedEntry) -> None:
        """Take in an entry of the log, in its order: the next event of this process names it."""
        self._chain.heard(signed)

    async def record(self, event: AuditEvent) -> None:
        """See core.audit.AuditTrail."""
        async with self._one_by_one:
            signed = await self._next(event)
            try:
                await self._write(signed)
            except BaseException:
                # Whether the entry arrived nobody knows, and what named it would have a hole or what did not, a fork.
                self._chain = self._chain.follower(new_writer())
                raise
            self._chain.written(signed)

    async def _next(self, event: AuditEvent) -> SignedEntry:
        chain = self._chain
        text = json.dumps({"subject": event.subject, "detail": dict(event.detail)}, separators=(",", ":"))
        if event.action not in OF_CONVERSATIONS:
            return chain.next(event, self._clock.now(), text, sealed=False)
        key = _key(event.tenant, chain.writer, chain.seq)
        try:
            if not self._sealer.is_ready(key):
                await self._sealer.prepare(key)
            value = self._sealer.seal(self._topic, key, text.encode())
        except KeyDestroyedError:
            text = json.dumps({"subject": ERASED, "detail": {}})
            return chain.next(event, self._clock.now(), text, sealed=False)
        if value == text.encode():
            return chain.next(event, self._clock.now(), text, sealed=False)
        return chain.next(event, self._clock.now(), base64.b64encode(value).decode(), sealed=True)


def body_of(entry: AuditEntry, topic: str, sealer: Sealer) -> Body:
    """Return what an entry says; of an erased tenant that there is nothing to be read. Raises SealedError."""
    text = entry.body.encode()
    if entry.sealed:
        try:
            sealed = base64.b64decode(text, validate=True)
            text = sealer.open(topic, _key(entry.tenant, entry.writer, entry.seq), sealed)
        except KeyDestroyedError:
            return Body(ERASED, {})
        except binascii.Error:
            raise SealedError("an audit entry's body is not what it was written as") from None
    told = json.loads(text)
    return Body(str(told["subject"]), told["detail"])


def new_writer() -> str:
    """Return the id of a chain that nobody else has."""
    return secrets.token_hex(WRITER_BYTES)


def checkpoint() -> AuditEvent:
    """Return the event that says only that the log was there up to now."""
    return AuditEvent("log.checkpoint", DEPLOYMENT, "worker", "log")


def _key(tenant: str, writer: str, seq: int) -> bytes:
    return f"{tenant}/{writer}/{seq}".encode()
