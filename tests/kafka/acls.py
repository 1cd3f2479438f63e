"""Rights at a broker, granted and taken away by a client that may do everything. aiokafka 0.14 has no such requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiokafka.errors import for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int8, Int16, Int32, Schema, String

from signalstream.streaming.rights import BITS, Right
from tests.kafka.direct import administering

KINDS = {"topic": 2, "group": 3, "cluster": 4}
OPERATIONS = {**BITS, "CREATE": 5}
LITERAL, ALLOW = 3, 3
BINDING = (
    ("kind", Int8), ("name", String()), ("pattern", Int8), ("principal", String()), ("host", String()),
    ("operation", Int8), ("permission", Int8),
)  # fmt: skip


async def grant(bootstrap: str, principal: str, rights: Iterable[Right]) -> None:
    """Allow a principal to do what the rights say."""
    bindings = [_binding(principal, right) for right in rights]
    async with administering(bootstrap) as admin:
        answer = await admin._send_to_controller(_Create(bindings))
    for code, message in answer.results:
        if code:
            raise for_code(code)(message)


async def revoke(bootstrap: str, principal: str, rights: Iterable[Right]) -> None:
    """Take the rights away again."""
    bindings = [_binding(principal, right) for right in rights]
    async with administering(bootstrap) as admin:
        answer = await admin._send_to_controller(_Delete(bindings))
    found = [len(matching) for _, _, matching in answer.results]
    assert found == [1] * len(bindings), f"not every right was there: {found}"


def _binding(principal: str, right: Right) -> tuple[Any, ...]:
    operation = OPERATIONS[right.operation]
    return (KINDS[right.kind], right.name, LITERAL, f"User:{principal}", "*", operation, ALLOW)


class _Created(Response):
    API_KEY = 30
    API_VERSION = 1
    SCHEMA = Schema(("throttle_time_ms", Int32), ("results", Array(("code", Int16), ("message", String()))))


class _CreateAsked(RequestStruct):
    API_KEY = 30
    API_VERSION = 1
    RESPONSE_TYPE = _Created
    SCHEMA = Schema(("bindings", Array(*BINDING)))


class _Create(Request[_CreateAsked]):
    API_KEY = 30

    def __init__(self, bindings: list[tuple[Any, ...]]) -> None:
        self._bindings = bindings

    def build(self, struct: Any) -> Any:
        return struct(self._bindings)


class _Deleted(Response):
    API_KEY = 31
    API_VERSION = 1
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            Array(
                ("code", Int16),
                ("message", String()),
                ("matching", Array(("code", Int16), ("message", String()), *BINDING)),
            ),
        ),
    )


class _DeleteAsked(RequestStruct):
    API_KEY = 31
    API_VERSION = 1
    RESPONSE_TYPE = _Deleted
    SCHEMA = _CreateAsked.SCHEMA


class _Delete(Request[_DeleteAsked]):
    API_KEY = 31

    def __init__(self, bindings: list[tuple[Any, ...]]) -> None:
        self._bindings = bindings

    def build(self, struct: Any) -> Any:
        return struct(self._bindings)
