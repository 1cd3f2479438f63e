"""What travels on ``support.ai.aggregated`` and what the live view shows: updates and lists."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signalstream.models.base import Model, Timestamp, Versioned
from signalstream.models.intelligence import Completeness, Emotion, Insight, SentimentLabel, Urgency
from signalstream.models.messages import ConversationId, TenantId
from signalstream.models.windows import Window


class Update(Versioned):
    """A record of the aggregated topic: a conversation's new insight, a window that closed, or that it was erased.

    ``generation`` comes with an erasure: pictures whose revision is lower are of what was erased.
    """

    kind: Literal["insight", "window", "erased"]
    tenant_id: TenantId
    conversation_id: ConversationId
    emitted_at: Timestamp
    insight: Insight | None = None
    window: Window | None = None
    generation: int | None = None


class ConversationItem(Model):
    """One line of the list of conversations."""

    conversation_id: str
    tenant_id: str
    revision: int
    completeness: Completeness
    last_seq: int
    last_updated: Timestamp | None
    sentiment: SentimentLabel | None = None
    emotion: Emotion | None = None
    intent: str | None = None
    urgency: Urgency | None = None
    requires_escalation: bool | None = None
    has_pii: bool | None = None
    tldr: str | None = None


class ConversationPage(Model):
    """The answer to ``GET /v1/conversations``: most recently changed first."""

    conversations: tuple[ConversationItem, ...]
    next_cursor: str | None = Field(default=None, description="Pass as ?cursor= for the next page; null at the end.")
