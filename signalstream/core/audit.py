"""What is written down about who did what: the one shape of an audit event, and whom it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Action = Literal[
    "key.issued",
    "key.revoked",
    "key.rotated",
    "key.used",
    "original.read",
    "conversation.erased",
    "tenant.erased",
    "policy.changed",
    "letter.redriven",
    "letters.purged",
    "retention.swept",
    "vault.changed",
    "log.checkpoint",
]
DEPLOYMENT = "_"
"""The tenant of acts that are no tenant's, as the change of a master key: no tenant's id."""
OF_CONVERSATIONS: frozenset[Action] = frozenset({"original.read", "conversation.erased"})
"""Acts whose subject is a conversation: it cannot be read any more once the tenant's key is destroyed."""


@dataclass(frozen=True)
class AuditEvent:
    """One act. ``actor`` is a credential's public id or ``cli``; nothing in it may hold what a customer wrote.

    ``subject`` is what was acted on: a conversation id, a key id, the place of a dead letter.
    """

    action: Action
    tenant: str
    actor: str
    subject: str
    detail: Mapping[str, str | int | bool] = field(default_factory=dict)


class AuditTrail(Protocol):
    """Takes events down, chained, for good."""

    async def record(self, event: AuditEvent) -> None:
        """Return once all in-sync replicas have the event. Raises BrokerUnavailableError: then nothing was done."""
        ...
