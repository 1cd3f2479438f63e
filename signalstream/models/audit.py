"""What lies in the topic ``security.audit``: events in chains, each signed as the text that it was written as."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from signalstream.models.base import Model, Timestamp, Versioned

EntryId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
WriterId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class AuditLink(Model):
    """Another event by its id, and when it was written: what is missing later can be told from what has expired."""

    id: EntryId
    at: Timestamp


class AuditEntry(Versioned):
    """An event in the chain of its writer, a process. ``previous`` is the writer's own before it, None for ``seq`` 0.

    ``after`` are the newest events of other chains that the writer knew and that none it knew of named. ``body`` is
    what was acted on with its details, as JSON or sealed in base64.
    """

    writer: WriterId
    seq: int = Field(ge=0)
    at: Timestamp
    previous: AuditLink | None = None
    after: tuple[AuditLink, ...] = ()
    action: str
    tenant: str
    actor: str
    body: str
    sealed: bool = False


class SignedEntry(Versioned):
    """An entry as JSON text, and its id: the keyed hash of that text; ``secret_id`` None for a hash without a key."""

    id: EntryId
    secret_id: str | None = None
    entry: str
