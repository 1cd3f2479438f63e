"""Analyses (one agent's result for one turn) and insights (the merged picture of a conversation).

The result models are the wire contract: fields may be added, never renamed or removed. Offsets are Unicode code
points into the text that was written; confidences are between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from signalstream.models.base import EventTime, Model, Timestamp, Versioned
from signalstream.models.messages import ConversationId, Sender, TenantId

MAX_REASON_CHARACTERS = 300


class SentimentLabel(StrEnum):
    """The three classes of sentiment."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Emotion(StrEnum):
    """The feeling that stands out."""

    ANGRY = "angry"
    FRUSTRATED = "frustrated"
    SATISFIED = "satisfied"
    CONFUSED = "confused"
    URGENT = "urgent"
    HAPPY = "happy"
    NEUTRAL = "neutral"


class Urgency(StrEnum):
    """How soon someone must act; ``rank`` orders them."""

    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"
    CRITICAL = "Critical"

    @property
    def rank(self) -> int:
        """0 for Low to 3 for Critical."""
        return list(Urgency).index(self)


class Trend(StrEnum):
    """Where a customer's sentiment has gone since the first message that was read."""

    IMPROVING = "improving"
    STEADY = "steady"
    WORSENING = "worsening"


class ConversationSentiment(Model):
    """The customer's sentiment over the conversation: newer messages count more. Scores run from -1 to 1."""

    sentiment: SentimentLabel
    score: float = Field(ge=-1, le=1)
    begin: float = Field(ge=-1, le=1, description="Score of the oldest message of the customer that was read.")
    end: float = Field(ge=-1, le=1, description="Score of the customer's newest message.")
    trend: Trend
    messages: int = Field(ge=1, description="How many messages of the customer were read.")


class Sentiment(Model):
    """The customer's sentiment as of a turn. ``score`` runs from -1 (negative) to 1 (positive)."""

    sentiment: SentimentLabel
    confidence: float = Field(ge=0, le=1)
    emotion: Emotion
    reasoning: str = Field(max_length=500)
    score: float = Field(ge=-1, le=1)
    conversation: ConversationSentiment | None = None


class PiiEntity(Model):
    """Personal data that was found. The value itself is never kept."""

    type: str = Field(description="email, phone, credit_card, ssn, address, account_number, name, iban, ...")
    value: Literal["[REDACTED]"] = "[REDACTED]"
    start_index: int = Field(ge=0)
    end_index: int = Field(ge=0)
    placeholder: str = Field(description="What stands in redacted_text in its place, as in [EMAIL_1].")
    confidence: float = Field(ge=0, le=1)
    detector: str
    message_id: UUID | None = None
    seq: int | None = None


class Pii(Model):
    """Personal data in a message, and the message without it."""

    has_pii: bool
    entities: tuple[PiiEntity, ...] = ()
    redacted_text: str


class Sentence(Model):
    """A sentence that was said, redacted, and the message that it is from: ``seq`` counts messages from 1."""

    text: str
    sender: Sender
    seq: int = Field(ge=1)
    message_id: UUID


class Insights(Model):
    """What the customer wants, how soon, and what to do."""

    intent: str
    intent_confidence: float = Field(ge=0, le=1)
    urgency: Urgency
    urgency_reasons: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    suggested_actions: tuple[str, ...] = ()
    suggested_response: str | None = None
    requires_escalation: bool = False
    estimated_resolution_time: str
    key_concerns: tuple[str, ...] = ()
    standing: str | None = Field(
        default=None,
        description="solved, escalated, waiting for the customer, promised, repeated contact, first contact, ongoing.",
    )
    requests: tuple[Sentence, ...] = Field(default=(), description="Sentences in which someone asks for something.")
    commitments: tuple[Sentence, ...] = Field(default=(), description="Sentences in which someone promises something.")


class Summary(Model):
    """The conversation in short, over redacted text.

    By the local analyst every sentence of the other fields is one of ``sources``, shortened and with its speaker's name
    in front. A remote model words them itself, and ``sources`` are sentences of the messages that it rests on.
    """

    tldr: str
    customer_issue: str
    agent_response: str | None = None
    key_points: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    sources: tuple[Sentence, ...] = ()


RESULTS: Mapping[str, type[Model]] = {"sentiment": Sentiment, "pii": Pii, "insights": Insights, "summary": Summary}
"""What the result of each of the first four agents must be; a later one has its own beside its task."""


class AnalysisStatus(StrEnum):
    """How an analysis ended. ``degraded`` has a result from a lesser analyst; ``failed`` and ``skipped`` have none."""

    OK = "ok"
    DEGRADED = "degraded"
    SKIPPED = "skipped"
    FAILED = "failed"


class Analysis(Versioned):
    """One agent's result for one turn, as it travels on ``support.ai.*``.

    ``result`` is the agent's result model as JSON, or null when the status has none. ``analysed_at`` and
    ``latency_ms`` differ between repeats of the same analysis; nothing else does.
    """

    agent: str
    tenant_id: TenantId
    conversation_id: ConversationId
    generation: int = Field(default=0, ge=0)
    message_id: UUID
    seq: int = Field(ge=1)
    sender: Sender
    written_at: EventTime
    received_at: EventTime
    status: AnalysisStatus
    reason: str | None = Field(default=None, max_length=MAX_REASON_CHARACTERS)
    reason_code: str | None = Field(default=None, max_length=40)
    engine: str
    model: str | None = None
    result: dict[str, JsonValue] | None = None
    analysed_at: Timestamp
    latency_ms: float = Field(ge=0)


class Completeness(StrEnum):
    """How much of the newest turn has been analysed."""

    NONE = "none"
    PARTIAL = "partial"
    COMPLETE = "complete"


class AgentStatus(Model):
    """What an agent has to say about the newest turn. ``based_on_seq`` is the turn that the shown result is of."""

    status: Literal["pending", "ok", "degraded", "skipped", "failed"]
    reason: str | None = Field(default=None, description="Why, in words for people, unless all is well.")
    reason_code: str | None = Field(default=None, description="The same as a code for programs, which stays.")
    engine: str | None = None
    model: str | None = None
    based_on_seq: int | None = None
    latency_ms: float | None = None


class Insight(Model):
    """The merged picture of a conversation: the answer to ``GET …/insights`` and the data of a live update.

    An agent that was added later shows its result in a field of its own name.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    conversation_id: str
    tenant_id: str
    revision: int = Field(ge=0)
    completeness: Completeness
    last_seq: int = Field(ge=0)
    sentiment: Sentiment | None = None
    pii: Pii | None = None
    insights: Insights | None = None
    summary: Summary | None = None
    agents: dict[str, AgentStatus]
    last_updated: Timestamp | None = None
