"""What the views need from the rest of the worker, as protocols: the only door between web and streaming.

``bootstrap.py`` passes the real ones; tests pass the fakes of ``tests/fakes.py``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from time import monotonic
from typing import Protocol
from uuid import UUID

import orjson

from signalstream.core.audit import AuditTrail
from signalstream.core.condition import Condition
from signalstream.core.keys import ConversationKey
from signalstream.core.policies import Policies
from signalstream.metrics.metrics import QUIET, Metrics
from signalstream.models.conversation import ConversationView
from signalstream.models.erasure import ErasureMark
from signalstream.models.intelligence import Insight
from signalstream.models.live import ConversationPage
from signalstream.models.messages import Message, OriginalMessage
from signalstream.models.windows import Timeline
from signalstream.security.authenticator import Authenticator
from signalstream.web.frames import text_frame


class Ingest(Protocol):
    """Takes messages in."""

    async def accept(self, message: Message, request_id: str) -> None:
        """Return once the broker has acknowledged. Raises BrokerUnavailableError when it has not in time.

        Raises KeyDestroyedError for a tenant that was erased.
        """
        ...

    def recently_accepted(self, key: ConversationKey) -> bool:
        """Say whether this process accepted a message of the conversation a short while ago."""
        ...

    async def erase(self, key: ConversationKey, request_id: str) -> int:
        """Ask for a conversation to be erased; return when the broker took that in, in epoch milliseconds.

        Raises as ``accept``. What was accepted before counts as accepted no more.
        """
        ...


class ConversationReader(Protocol):
    """Reads this worker's own tables. Each returns None for a conversation that the tables do not know."""

    def insight(self, key: ConversationKey) -> Insight | None:
        """Return the current picture; with completeness ``none`` when nothing has been analysed yet."""
        ...

    def conversation(self, key: ConversationKey, limit: int) -> ConversationView | None:
        """Return the state with at most ``limit`` of the newest messages, oldest first."""
        ...

    def timeline(self, key: ConversationKey) -> Timeline | None:
        """Return the conversation's windows."""
        ...

    def erasure(self, key: ConversationKey) -> ErasureMark | None:
        """Return the conversation's newest erasure, while something of it may be left in a topic."""
        ...


class Ownership(Protocol):
    """Knows which worker holds a conversation's rows."""

    def owner_url(self, key: ConversationKey) -> str | None:
        """Return the owner's base URL, or None when it is this worker and its tables are recovered.

        Raises OwnerUnavailableError while the owner is unknown or this worker's own tables are recovering.
        """
        ...

    def copy_age(self, key: ConversationKey) -> float | None:
        """Return how long ago, in seconds, this worker's copy of the rows was level with what the owner wrote.

        None when it has no copy that ever was.
        """
        ...

    def copy_urls(self, key: ConversationKey) -> tuple[str, ...]:
        """Return the base URLs of the other workers that have a copy of the rows."""
        ...

    def workers(self) -> int:
        """Return how many workers answer requests, this one included, by the newest assignment."""
        ...


@dataclass(frozen=True)
class LiveUpdate:
    """The newest insight of a conversation, with its JSON encoded once for all sockets, and only if there is one.

    ``written`` is that JSON, where it is there already.
    """

    insight: Insight
    written: bytes | None = None

    @cached_property
    def encoded(self) -> bytes:
        """Return the insight as JSON. Most pictures are replaced by the next before anyone has asked for them."""
        return self.insight.model_dump_json().encode() if self.written is None else self.written

    @cached_property
    def message(self) -> bytes:
        """Return the IntelligenceUpdate that every socket is sent."""
        conversation = orjson.dumps(self.insight.conversation_id)
        head = b'{"type":"intelligence_update","conversation_id":%b,"id":"%d","data":'
        return b"%b%b}" % (head % (conversation, self.insight.revision), self.encoded)

    @cached_property
    def frame(self) -> bytes:
        """Return it as it goes over the wire."""
        return text_frame(self.message)


@dataclass(frozen=True)
class Erased:
    """Every picture whose revision is lower was erased; ``generation`` None is every picture of the tenant."""

    generation: int | None = None


class Subscription(Protocol):
    """One socket's bounded queue: it keeps the newest revision when its reader is slow."""

    def __aiter__(self) -> AsyncIterator[LiveUpdate | Erased]:
        """Yield updates as they come; an erasure before what came after it."""
        ...

    def offer_first(self, taken: Callable[[LiveUpdate], bool]) -> None:
        """Ask ``taken`` from now on, while nothing waits, to send an update at once: only what it refuses waits."""
        ...


class LiveView(Protocol):
    """The tail of ``support.ai.aggregated`` that each web process reads."""

    def latest(self, key: ConversationKey) -> LiveUpdate | None:
        """Return the newest update that this process has seen."""
        ...

    def subscribe(self, key: ConversationKey) -> AbstractContextManager[Subscription]:
        """Open a queue for a conversation; leaving the context closes it."""
        ...

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> ConversationPage:
        """Return the tenant's conversations, newest change first. Raises ValueError for a cursor that is not one."""
        ...


class TenantErasure(Protocol):
    """Destroys what opens a tenant's values. There is none where values are kept in the clear."""

    async def destroy(self, tenant: str) -> datetime:
        """Destroy a tenant's keys for good, and return when that was. Raises BrokerUnavailableError; repeat it then."""
        ...

    def destroyed(self, tenant: str) -> tuple[datetime, bool] | None:
        """Return when a tenant's keys were destroyed, and whether no broker holds them any more; None: they were not.

        That a broker holds them is what is said until it is known better.
        """
        ...


class Originals(Protocol):
    """Gives out messages as they were written."""

    async def read(self, key: ConversationKey, message_id: UUID, actor: str) -> OriginalMessage | None:
        """Return a message as it was written, once the audit log knows that ``actor`` reads it; None without one.

        Raises BrokerUnavailableError, KeyPendingError, KeyDestroyedError: then nothing is given out.
        """
        ...


class Operations(Protocol):
    """Answers ``/health``, ``/ready`` and ``/live``."""

    async def ready(self) -> Condition:
        """Say whether requests can be served: assigned, recovered, broker reachable, hosted apps ready."""
        ...

    async def health(self) -> Condition:
        """Describe every part."""
        ...

    async def live(self) -> Condition:
        """Say whether the process should go on living."""
        ...


@dataclass(frozen=True)
class WebServices:
    """All of them. Without the core role there is nothing to ingest or read: those are None.

    ``authenticator`` is None where SIGNALSTREAM_AUTH is off, and nowhere else. Without ``policies`` the settings hold
    for every tenant. ``seconds`` never go back.
    """

    operations: Operations
    ingest: Ingest | None = None
    reader: ConversationReader | None = None
    ownership: Ownership | None = None
    live: LiveView | None = None
    authenticator: Authenticator | None = None
    metrics: Metrics = QUIET
    policies: Policies | None = None
    seconds: Callable[[], float] = monotonic
    tenants: TenantErasure | None = None
    trail: AuditTrail | None = None
    originals: Originals | None = None


__all__ = [
    "Condition",
    "ConversationReader",
    "Erased",
    "Ingest",
    "LiveUpdate",
    "LiveView",
    "Operations",
    "Originals",
    "Ownership",
    "Subscription",
    "TenantErasure",
    "WebServices",
]
