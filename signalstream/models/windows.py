"""Windows: the merge over a span of event time of one conversation, as kept and as shown."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signalstream.models.base import Model, Timestamp, Versioned
from signalstream.models.intelligence import SentimentLabel, Urgency
from signalstream.models.messages import ConversationId, TenantId


class WindowFacts(Model):
    """What one analysis adds to its window; which fields are set depends on the agent."""

    status: str
    sentiment: SentimentLabel | None = None
    score: float | None = None
    intent: str | None = None
    urgency: Urgency | None = None
    pii_types: dict[str, int] = Field(default_factory=dict)


class WindowState(Versioned):
    """A row of the ``windows`` table: facts by agent and by ``seq``, so that a repeat changes nothing.

    ``start`` and ``end`` are event time in epoch seconds. ``deadline`` is our own clock: the row is closed then even
    if no later message moves event time on, and only then if it is ``backdated``: opened after its event time.
    """

    tenant_id: TenantId
    conversation_id: ConversationId
    generation: int = Field(default=0, ge=0)
    start: int
    end: int
    status: Literal["open", "closed"] = "open"
    closed_by: Literal["event_time", "deadline"] | None = None
    deadline: Timestamp
    expires_at: Timestamp
    facts: dict[str, dict[int, WindowFacts]] = Field(default_factory=dict)
    late: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    truncated: bool = False
    backdated: bool = False


class WindowCommand(Versioned):
    """Asks the agent that owns a conversation to close or expire a window, on ``support.windows.commands``.

    ``kept_seconds`` is the tenant's own retention, where it is shorter than the deployment's.
    """

    command: Literal["close", "expire"]
    start: int
    kept_seconds: int | None = None


class Window(Model):
    """A window as shown: how many messages, how they felt, what was urgent."""

    start: Timestamp
    end: Timestamp
    status: Literal["open", "closed"]
    closed_by: Literal["event_time", "deadline"] | None = None
    message_count: int
    late_count: int
    truncated: bool = False
    analyses: dict[str, int] = Field(description="Analyses merged, by agent.")
    failed: dict[str, int] = Field(default_factory=dict, description="Analyses that failed, by agent.")
    sentiment: dict[SentimentLabel, int]
    average_score: float | None = Field(default=None, ge=-1, le=1)
    highest_urgency: Urgency | None = None
    intents: dict[str, int]
    pii_types: dict[str, int]


class Timeline(Model):
    """The answer to ``GET …/timeline``: the conversation's windows, oldest first."""

    conversation_id: str
    tenant_id: str
    window_seconds: int
    windows: tuple[Window, ...]
