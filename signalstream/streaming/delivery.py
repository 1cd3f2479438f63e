"""The one place that acts on a failure: retry, dead letter or crash, decided by the exception's type.

Faust acknowledges a record whose agent raised (faust-streaming #189, #315, #527). So no exception leaves a stage:
its outputs are confirmed by the broker, or the record becomes a confirmed dead letter, or it is not acknowledged.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, TopicAuthorizationFailedError
from faust.exceptions import ProducerSendError

from signalstream.core.clock import Clock
from signalstream.core.keys import parse_key
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.errors import (
    BrokerUnavailableError,
    KeyDestroyedError,
    KeyPendingError,
    SealedError,
    StorageError,
    UndecodableError,
    UnprocessableError,
)
from signalstream.models.dead_letter import DeadLetter
from signalstream.streaming.dead_letters import bare, headers_of, letter_of
from signalstream.streaming.headers import REQUEST_ID, TENANT, Headers, own_headers
from signalstream.streaming.pool import Abandoned
from signalstream.streaming.posting import Poster
from signalstream.streaming.values import encode, sealable
from signalstream.telemetry import RECORD

FIRST_BACKOFF_SECONDS = 0.1
LAST_BACKOFF_SECONDS = 5.0
log = structlog.get_logger()


class Outbox(Protocol):
    """Where a stage sends its outputs, as they are before they are sealed."""

    async def send(self, topic: str, key: bytes, value: bytes | None, headers: Headers) -> None:
        """Return once every in-sync replica has the record, sealed.

        Raises BrokerUnavailableError, UnprocessableError, KeyDestroyedError.
        """
        ...


class ProducerOutbox:
    """Sends by an app's own producer, so that a commit of that app flushes it first."""

    def __init__(self, app: Any, sealer: Sealer = UNSEALED) -> None:
        self._app = app
        self._sealer = sealer

    async def send(self, topic: str, key: bytes, value: bytes | None, headers: Headers) -> None:
        """See Outbox."""
        if value is not None:
            await sealable(self._sealer, key)
            value = self._sealer.seal(topic, key, value)
        try:
            await (await self._put(topic, key, value, own_headers(headers)))
        except (KafkaError, ProducerSendError) as error:
            cause = error.__cause__ if isinstance(error, ProducerSendError) else error
            if isinstance(cause, MessageSizeTooLargeError):
                raise UnprocessableError(f"a record of {len(value or b'')} bytes is too large for {topic}") from error
            raise BrokerUnavailableError(f"sending to {topic} failed: {why_unsent(cause, topic)}") from error

    async def _put(self, topic: str, key: bytes, value: bytes | None, headers: Headers) -> Awaitable[Any]:
        producer = self._app.producer
        poster: Poster | None = producer.poster
        posted = poster.post(topic, key, value, headers) if poster is not None else None
        if posted is not None:
            return posted
        sent: Awaitable[Any] = await producer.send(topic, key, value, None, None, headers)
        return sent


@dataclass(frozen=True)
class Stage:
    """What every agent does around its own step.

    ``still_ours`` says whether a record's partition is still assigned in the generation that delivered it; ``buried``
    is told the stage and the reason of each dead letter once the broker has it, ``erased`` the stage of each record
    whose tenant's key has been destroyed: there is nothing left to do with it.
    """

    name: str
    outbox: Outbox
    dlq: str
    attempts: int
    clock: Clock
    still_ours: Callable[[Any], bool]
    buried: Callable[[str, str], None] = lambda _stage, _reason: None
    erased: Callable[[str], None] = lambda _stage: None

    async def process(
        self,
        event: Any,
        step: Callable[[Any], Awaitable[None]],
        exhausted: Callable[[Any, str], Awaitable[None]] | None = None,
    ) -> None:
        """Run ``step`` on an event until it succeeds or the event is a dead letter. Raises Abandoned, StorageError.

        ``exhausted`` is called with the event and the reason before an event whose attempts are used up is put aside.
        """
        token = RECORD.set(partial(self._context, event))
        try:
            await step(event)
        except Exception as error:  # noqa: BLE001 - nearly none fails: the rest of the way is for those that do
            await self._judge(event, _failed_once(error, step), exhausted)
        finally:
            RECORD.reset(token)

    async def _judge(
        self,
        event: Any,
        step: Callable[[Any], Awaitable[None]],
        exhausted: Callable[[Any, str], Awaitable[None]] | None,
    ) -> None:
        try:
            await self._attempt(event, step, exhausted)
        except KeyDestroyedError:
            log.info("record.erased", reason="the key of its tenant was destroyed")
            self.erased(self.name)

    async def _attempt(
        self,
        event: Any,
        step: Callable[[Any], Awaitable[None]],
        exhausted: Callable[[Any, str], Awaitable[None]] | None,
    ) -> None:
        for attempt in range(1, self.attempts + 1):
            try:
                await self._until_broker_answers(event, step)
            except (UndecodableError, UnprocessableError) as error:
                return await self._bury(event, _reason(error), str(error), attempt)
            except (Abandoned, StorageError, KeyDestroyedError):
                raise
            except Exception as error:  # noqa: BLE001 - an unknown fault of a step gets its attempts, then a dead letter
                fault = type(error).__name__
                log.warning("stage.attempt_failed", attempt=attempt, of=self.attempts, error=fault, at=_place(error))
            else:
                return None
            if not self.still_ours(event):
                raise Abandoned
            await asyncio.sleep(_backoff(attempt))
        return await self._exhaust(event, fault, exhausted)

    async def process_together(
        self,
        events: list[Any],
        together: Callable[[list[Any]], Awaitable[None]],
        step: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Run ``together`` on events of one key; when it fails for any reason, run ``step`` on each by itself.

        So one bad event harms no other, and each gets the fate that ``process`` gives it. Raises the same.
        """
        token = RECORD.set(partial(self._context, events[-1]))
        try:
            return await together(events)
        except (Abandoned, StorageError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, each event is tried by itself, where it is judged
            log.info("stage.batch_split", events=len(events), error=type(error).__name__)
        finally:
            RECORD.reset(token)
        for event in events:
            await self.process(event, step)
        return None

    async def _exhaust(self, event: Any, fault: str, exhausted: Callable[[Any, str], Awaitable[None]] | None) -> None:
        try:
            if exhausted is not None:
                await self._until_broker_answers(event, lambda taken: exhausted(taken, fault))
        except Abandoned:
            raise
        except Exception as error:  # noqa: BLE001 - the dead letter says what was wrong first; this is only logged
            log.error("stage.exhausted_unsaid", error=type(error).__name__)  # noqa: TRY400 - may hold message text
        await self._bury(event, "exhausted", f"{fault} in each of {self.attempts} attempts", self.attempts)

    async def _until_broker_answers(self, event: Any, step: Callable[[Any], Awaitable[None]]) -> None:
        tries = 0
        while True:
            try:
                return await step(event)
            except BrokerUnavailableError as error:
                tries += 1
                what = "stage.key_pending" if isinstance(error, KeyPendingError) else "stage.broker_unavailable"
                log.warning(what, tries=tries, detail=str(error))
            if not self.still_ours(event):
                raise Abandoned
            await asyncio.sleep(_backoff(tries))

    async def _bury(self, event: Any, reason: str, detail: str, attempts: int) -> None:
        letter = letter_of(
            event, stage=self.name, reason=reason, detail=detail, attempts=attempts, failed_at=self.clock.now()
        )
        log.error("stage.dead_letter", reason=reason, detail=letter.detail, attempts=attempts)
        try:
            await self._post(event, letter, _readable(event.message.key), headers_of(event))
        except UnprocessableError:  # its key or its headers are larger than what the broker takes
            await self._post(event, bare(letter, event), b"", [])
        self.buried(self.name, reason)

    async def _post(self, event: Any, letter: DeadLetter, key: bytes, headers: Headers) -> None:
        await self._until_broker_answers(event, lambda _: self.outbox.send(self.dlq, key, encode(letter), headers))

    def _context(self, event: Any) -> dict[str, Any]:
        message = event.message
        context = {"agent": self.name, "topic": message.topic, "partition": message.partition, "offset": message.offset}
        headers = dict(own_headers(headers_of(event)))
        if REQUEST_ID in headers:
            context["correlation_id"] = headers[REQUEST_ID].decode()
        try:
            context["tenant_id"], context["conversation_id"] = parse_key(message.key)
        except UndecodableError:
            context["key_readable"] = False
        return context


def message_headers(request_id: str, tenant_id: str) -> Headers:
    """Return the headers that a message starts its way with."""
    return [(REQUEST_ID, request_id.encode()), (TENANT, tenant_id.encode())]


def _failed_once(error: Exception, step: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    """Return a step whose first run raises ``error``, as that of ``step`` has just done; further ones run ``step``."""
    failures = [error]

    async def run(event: Any) -> None:
        if failures:
            raise failures.pop()
        await step(event)

    return run


def _readable(key: bytes | None) -> bytes:
    # A key stands in the clear: of one that no part of this program wrote, nobody knows what it says.
    try:
        return parse_key(key).encode()
    except UndecodableError:
        return b""


def why_unsent(error: BaseException | None, topic: str) -> str:
    """Say why a record did not go out, with what to do when it is a right that is missing."""
    if isinstance(error, TopicAuthorizationFailedError):
        return f"grant this client the right WRITE on the topic {topic} (docs/SETUP.md, A secured Kafka)"
    return type(error).__name__


def _place(error: Exception) -> str:
    # Where it was raised, instead of a traceback: its message may quote what a customer wrote.
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace is not None else "unknown"


def _reason(error: Exception) -> str:
    if isinstance(error, SealedError):
        return "sealed"
    return "undecodable" if isinstance(error, UndecodableError) else "unprocessable"


def _backoff(tries: int) -> float:
    full = min(LAST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2.0 ** (tries - 1))
    return full * random.uniform(0.5, 1.0)  # noqa: S311 - jitter keeps workers from knocking in step
