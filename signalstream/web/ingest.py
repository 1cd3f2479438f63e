"""``POST /v1/messages``: from bytes to a validated message that the broker has acknowledged."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn
from uuid import UUID, uuid4, uuid5

from aiohttp import web
from pydantic import ValidationError

from signalstream.core.clock import Clock
from signalstream.models.messages import Message, MessageAccepted, MessageIn
from signalstream.settings import Settings
from signalstream.web.correlation import request_id
from signalstream.web.limits import TenantLimits
from signalstream.web.parameters import tenant_of
from signalstream.web.problems import ProblemError, invalid
from signalstream.web.services import Ingest

IDEMPOTENCY_NAMESPACE = UUID("6f0c1c0e-6a43-5a3e-9d0b-3c2f0f4c9a51")
DEEPEST_NESTING = 16
LONGEST_SHOWN_PATH = 80
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWN_NAME = re.compile("[A-Za-z_]{1,40}")
TOO_SLOW = "The body did not arrive within {:g} s. Send the message again."
# What pydantic says of these is unclear to a caller, or quotes what was sent.
MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field; remove it or put it into metadata",
    "uuid_parsing": "must be a UUID",
    "datetime_parsing": "must be an RFC 3339 time with an offset, as in 2026-01-31T12:00:00Z",
    "datetime_from_date_parsing": "must be an RFC 3339 time with an offset, as in 2026-01-31T12:00:00Z",
    "timezone_aware": "must have an offset from UTC, as in 2026-01-31T12:00:00Z",
    "too_long": "must have at most 32 entries",
}


class IngestView:
    """Takes messages in. Answers 202 after the broker's acknowledgement, never before.

    ``accepted`` is told the tenant of each message that the broker has.
    """

    def __init__(
        self,
        ingest: Ingest,
        settings: Settings,
        clock: Clock,
        limits: TenantLimits,
        accepted: Callable[[str], None] = lambda _tenant: None,
    ) -> None:
        self._ingest = ingest
        self._settings = settings
        self._clock = clock
        self._limits = limits
        self._accepted = accepted

    async def post(self, request: web.Request) -> web.Response:
        """Validate, name, hand over, answer."""
        body = await read_body(request, self._limits.body_bytes(request), self._settings.request_body_seconds)
        message = self._message(request, parse_message(body))
        await self._ingest.accept(message, request_id(request))
        self._accepted(message.tenant_id)
        accepted = MessageAccepted(
            message_id=message.message_id, conversation_id=message.conversation_id, timestamp=message.written_at
        )
        return web.Response(status=202, body=accepted.model_dump_json().encode(), content_type="application/json")

    def _message(self, request: web.Request, posted: MessageIn) -> Message:
        tenant = tenant_of(request, self._settings, posted.tenant_id)
        now = self._clock.now()
        return Message(
            message_id=message_id_of(request.headers.get("Idempotency-Key"), tenant, posted.message_id),
            tenant_id=tenant,
            conversation_id=posted.conversation_id,
            sender=posted.sender,
            text=posted.message,
            channel=posted.channel,
            metadata=posted.metadata or {},
            written_at=posted.timestamp or now,
            received_at=now,
        )


def message_id_of(idempotency_key: str | None, tenant: str, given: UUID | None) -> UUID:
    """Return the message's id: the given one, one that follows from tenant and key (uuid5), or a new one.

    Raises ProblemError (422) for a key that is not 1 to 255 printable ASCII characters, or that contradicts ``given``.
    """
    if idempotency_key is None:
        return given or uuid4()
    if not (1 <= len(idempotency_key) <= 255 and idempotency_key.isascii() and idempotency_key.isprintable()):
        raise invalid(("Idempotency-Key", "must be 1 to 255 printable ASCII characters"))
    derived = uuid5(IDEMPOTENCY_NAMESPACE, f"{tenant}\x00{idempotency_key}")
    if given not in (None, derived):
        raise invalid(("message_id", "contradicts the Idempotency-Key; send one of the two"))
    return derived


async def read_body(request: web.Request, limit: int, seconds: float) -> bytes:
    """Return the body of at most ``limit`` bytes, which has ``seconds`` to arrive.

    Raises ProblemError: 413, 415, 408 when it takes longer, or 400 when it breaks off.
    """
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() != "utf-8":
        raise ProblemError(415, "Send the message as Content-Type: application/json, in UTF-8.")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise ProblemError(415, "Send the message without Content-Encoding.")
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    try:
        if request.content.is_eof():  # all of it has come with the head, as of most messages
            body = await request.read()
        else:
            async with asyncio.timeout(seconds):
                body = await request.read()
    except TimeoutError as error:
        raise ProblemError(408, TOO_SLOW.format(seconds), headers={"Connection": "close"}) from error
    except web.HTTPRequestEntityTooLarge as error:
        raise _too_large(limit) from error
    except (web.RequestPayloadError, OSError) as error:
        raise ProblemError(400, "The body broke off before its end.") from error
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> ProblemError:
    return ProblemError(413, f"The body must have at most {limit} bytes.")


def parse_message(body: bytes) -> MessageIn:
    """Parse and validate. Raises ProblemError: 400 for what is not JSON, 422 for what is not a message."""
    try:
        document = json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ProblemError(400, f"The body is not JSON{_place(error)}.", word="broken-json") from error
    if not isinstance(document, dict):
        raise invalid(("body", "must be a JSON object"))
    if unusable := list(unusable_values(document)):
        raise invalid(*unusable)
    try:
        return MessageIn.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise invalid(*((_path(each["loc"]), _words(each)) for each in error.errors(include_input=False))) from error
    except OverflowError as error:  # a time whose offset takes it out of the calendar
        raise invalid(("timestamp", "must be within the years 1 to 9999 in UTC")) from error


def unusable_values(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield ``(field, message)`` for what JSON can say but UTF-8, other stages or a database cannot hold."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        if len(path) > DEEPEST_NESTING:
            yield _path(path[:1]), f"must be nested at most {DEEPEST_NESTING} levels deep"
        elif isinstance(value, dict):
            yield from ((_path((*path, name)), fault) for name in value if (fault := _fault(name)))
            waiting.extend(((*path, name), item) for name, item in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, index), item) for index, item in enumerate(value))
        elif fault := _fault(value):
            yield _path(path), fault


def _fault(value: object) -> str | None:
    if isinstance(value, str):
        if "\x00" in value:
            return "must not hold NUL characters"
        if not value.isascii() and _SURROGATE.search(value):
            return "must not hold lone surrogates"
    elif isinstance(value, float) and not math.isfinite(value):
        return "must be a finite number"
    elif isinstance(value, int) and abs(value) >= 2**63:
        return "must be a number of at most 64 bits"
    return None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _place(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f": see line {error.lineno}, column {error.colno}"
    return " in UTF-8" if isinstance(error, UnicodeDecodeError) else ""


def _path(parts: tuple[str | int, ...]) -> str:
    words = ".".join(_name(part) for part in parts) or "body"
    return words if len(words) <= LONGEST_SHOWN_PATH else words[:LONGEST_SHOWN_PATH] + "..."


def _name(part: str | int) -> str:
    # A name of the sender's own may be a card's number or an address: what is none of letters alone is not repeated.
    return str(part) if isinstance(part, int) or _SHOWN_NAME.fullmatch(part) else "?"


def _words(error: Any) -> str:
    return MESSAGES.get(error["type"], str(error["msg"]).removeprefix("Value error, "))
