"""What a broker lets this client do with topics and groups, as bits of Kafka's operations.

aiokafka 0.14 ends three versions before the first of these requests tells it, and reads the answer to the second by
the form of an older version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Bytes, Int16, Int32, Schema, String

COORDINATOR_SECONDS = 5.0
UNTOLD = -(2**31)  # what a broker says that knows nothing about rights


async def allowed_with_topics(admin: Any, names: list[str]) -> Mapping[str, int]:
    """Return the bits of each topic, 0 for a hidden one, none for one that does not exist. Raises KafkaError.

    Empty when the broker does not know the request. No topic is created by asking.
    """
    if not names:
        return {}
    try:
        answer = await admin._send_request(_AskTopics(names))
    except NotImplementedError:  # a broker without that version of the request
        return {}
    hidden = TopicAuthorizationFailedError.errno
    return {topic[1]: 0 if topic[0] == hidden else topic[4] for topic in answer.topics if topic[0] in {0, hidden}}


async def allowed_with_groups(admin: Any, names: Iterable[str]) -> Mapping[str, int]:
    """Return the bits of each group, 0 for a hidden one. Raises KafkaError."""
    found = {}
    for name in names:  # one at a time: aiokafka 0.14 misreads an answer from its second group on
        try:
            found[name] = await _of_group(admin, name)
        except GroupAuthorizationFailedError:
            found[name] = 0
        except NotImplementedError:
            return {}
    return found


async def _of_group(admin: Any, name: str) -> int:
    answer = await admin._send_request(_AskGroup(name), await _coordinator(admin, name))
    code, bits = answer.groups[0][0], answer.groups[0][6]
    return 0 if code == GroupAuthorizationFailedError.errno else int(bits) if code == 0 else UNTOLD


async def _coordinator(admin: Any, name: str) -> int:
    # A new cluster makes the topic of its groups when the first of them is asked for.
    loop = asyncio.get_running_loop()
    until = loop.time() + COORDINATOR_SECONDS
    while True:
        try:
            return int(await admin.find_coordinator(name))
        except KafkaError as error:
            if not error.retriable or loop.time() >= until:
                raise
        await asyncio.sleep(0.1)


class _TopicsAnswer(Response):  # type: ignore[misc]  # mypy is told to skip aiokafka
    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(("node", Int32), ("host", String()), ("port", Int32), ("rack", String()))),
        ("cluster_id", String()),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", String()),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline_replicas", Array(Int32)),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
        ("authorized_operations", Int32),
    )


class _TopicsAsked(RequestStruct):  # type: ignore[misc]  # mypy is told to skip aiokafka
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = _TopicsAnswer
    SCHEMA = Schema(
        ("topics", Array(String())), ("create", Boolean), ("cluster_operations", Boolean), ("operations", Boolean)
    )


class _AskTopics(Request[_TopicsAsked]):  # type: ignore[misc]  # mypy is told to skip aiokafka
    API_KEY = 3

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def build(self, struct: Any) -> Any:
        return struct(self._names, False, False, True)


class _GroupAnswer(Response):  # type: ignore[misc]  # mypy is told to skip aiokafka
    API_KEY = 15
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "groups",
            Array(
                ("error_code", Int16),
                ("group", String()),
                ("state", String()),
                ("protocol_type", String()),
                ("protocol", String()),
                (
                    "members",
                    Array(
                        ("member_id", String()),
                        ("client_id", String()),
                        ("client_host", String()),
                        ("member_metadata", Bytes),
                        ("member_assignment", Bytes),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
    )


class _GroupAsked(RequestStruct):  # type: ignore[misc]  # mypy is told to skip aiokafka
    API_KEY = 15
    API_VERSION = 3
    RESPONSE_TYPE = _GroupAnswer
    SCHEMA = Schema(("groups", Array(String())), ("operations", Boolean))


class _AskGroup(Request[_GroupAsked]):  # type: ignore[misc]  # mypy is told to skip aiokafka
    API_KEY = 15

    def __init__(self, name: str) -> None:
        self._name = name

    def build(self, struct: Any) -> Any:
        return struct([self._name], True)
