"""Messages into the raw topic: a producer of the web's own, so that a broker outage answers in bounded time.

Its batches expire after the produce timeout and nothing piles up behind it, whereas the producer of the agents must
never give a changelog record up.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from signalstream.core.keys import ConversationKey
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.errors import BrokerUnavailableError, RecordTooLargeError
from signalstream.models.erasure import ERASES, EraseConversation
from signalstream.models.messages import Message
from signalstream.streaming.clients import Connection
from signalstream.streaming.delivery import message_headers, why_unsent
from signalstream.streaming.headers import Headers
from signalstream.streaming.values import encode, sealable

REMEMBER_SECONDS = 600.0
REMEMBER_CONVERSATIONS = 20_000
WAITING_LIMIT = 2_000  # requests that wait for an acknowledgement at once; more are refused, not queued
Redact = Callable[[Message], Awaitable[Message]]
log = structlog.get_logger()


class _Accepted(NamedTuple):
    seconds: float
    """When it was, by this process's own seconds."""
    milliseconds: int
    """When the broker took it in, in epoch milliseconds."""


class KafkaIngest:
    """Produces messages with ``acks=all`` and waits for the acknowledgement. ``redact`` returns them as may be kept."""

    def __init__(
        self, connection: Connection, topic: str, timeout_seconds: float, redact: Redact, sealer: Sealer = UNSEALED
    ) -> None:
        self._redact = redact
        self._connection = connection
        self._topic = topic
        self._timeout = timeout_seconds
        self._sealer = sealer
        self._producer: Any = None
        self._waiting = 0
        self._accepted: OrderedDict[ConversationKey, _Accepted] = OrderedDict()

    async def start(self) -> None:
        """Connect, inside the running event loop."""
        self._producer = self._connection.producer(
            acks="all",
            linger_ms=0,
            request_timeout_ms=int(self._timeout * 1000),
            client_id="signalstream-ingest",
        )
        await self._producer.start()

    async def stop(self) -> None:
        """Send what is pending and disconnect."""
        if self._producer is not None:
            await self._producer.stop()

    async def accept(self, message: Message, request_id: str) -> None:
        """Return once the broker has acknowledged the message, redacted.

        Raises BrokerUnavailableError, KeyDestroyedError, RecordTooLargeError, RedactionError.
        """
        key = ConversationKey(message.tenant_id, message.conversation_id)
        kept = await self._redact(message)
        self._remember(key, await self._send(key, encode(kept), message_headers(request_id, key.tenant_id)))

    async def erase(self, key: ConversationKey, request_id: str) -> int:
        """Ask for a conversation to be erased: a record among its messages, so that its place says what was before.

        Returns when the broker took it in, in epoch milliseconds. Raises as ``accept``.
        """
        headers = [*message_headers(request_id, key.tenant_id), (ERASES, b"conversation")]
        at = await self._send(key, encode(EraseConversation()), headers)
        self.forget(key, at)
        return at

    def forget(self, key: ConversationKey, until: int) -> None:
        """Count no message of a conversation as accepted that the broker took in ``until`` then."""
        accepted = self._accepted.get(key)
        if accepted is not None and accepted.milliseconds <= until:
            del self._accepted[key]

    async def _send(self, key: ConversationKey, value: bytes, headers: Headers) -> int:
        if self._producer is None:
            raise BrokerUnavailableError("this worker is not connected to the broker yet; send it again later")
        if self._waiting >= WAITING_LIMIT:
            raise BrokerUnavailableError("too many messages wait for the broker; send it again later")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._timeout):
                sealed = await self._sealed(key.encode(), value)
                sent = await self._producer.send_and_wait(self._topic, sealed, key=key.encode(), headers=headers)
        except MessageSizeTooLargeError as error:
            log.warning("ingest.too_large", bytes=len(value))
            raise RecordTooLargeError("the broker takes no record of this size") from error
        except (KafkaError, TimeoutError) as error:
            log.warning("ingest.broker_unavailable", error=type(error).__name__, detail=why_unsent(error, self._topic))
            raise BrokerUnavailableError(
                f"the broker did not acknowledge within {self._timeout:g} s; send it again"
            ) from error
        finally:
            self._waiting -= 1
        return int(sent.timestamp)

    def recently_accepted(self, key: ConversationKey) -> bool:
        """Say whether this process accepted a message of the conversation in the last ten minutes."""
        accepted = self._accepted.get(key)
        is_recent = accepted is not None and time.monotonic() - accepted.seconds < REMEMBER_SECONDS
        return is_recent and not self._sealer.erased(key.encode())

    async def reachable(self, timeout_seconds: float) -> bool:
        """Say whether the broker answers a metadata request in time."""
        if self._producer is None:
            return False
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._producer.client.fetch_all_metadata()
        except (KafkaError, TimeoutError, OSError):
            return False
        return True

    async def _sealed(self, key: bytes, value: bytes) -> bytes:
        await sealable(self._sealer, key)
        return self._sealer.seal(self._topic, key, value)

    def _remember(self, key: ConversationKey, at: int) -> None:
        self._accepted[key] = _Accepted(time.monotonic(), at)
        self._accepted.move_to_end(key)
        while len(self._accepted) > REMEMBER_CONVERSATIONS:
            self._accepted.popitem(last=False)
