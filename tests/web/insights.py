"""Insights and updates to test with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from signalstream.core.keys import ConversationKey
from signalstream.models.intelligence import AgentStatus, Completeness, Emotion, Insight, Sentiment, SentimentLabel
from signalstream.models.live import Update

KEY = ConversationKey("demo-tenant", "c-1")
BEGIN = datetime(2026, 1, 31, 12, tzinfo=UTC)


def insight(revision: int = 3, key: ConversationKey = KEY, **changes: object) -> Insight:
    return Insight(
        **{
            "conversation_id": key.conversation_id,
            "tenant_id": key.tenant_id,
            "revision": revision,
            "completeness": Completeness.PARTIAL,
            "last_seq": 1,
            "sentiment": Sentiment(
                sentiment=SentimentLabel.NEGATIVE, confidence=0.9, emotion=Emotion.ANGRY, reasoning="r", score=-0.8
            ),
            "agents": {"sentiment": AgentStatus(status="ok", engine="local", based_on_seq=1, latency_ms=1.5)},
            "last_updated": BEGIN,
        }
        | changes
    )


def update(revision: int = 3, key: ConversationKey = KEY, at_ms: int | None = None, **changes: object) -> Update:
    emitted_at = BEGIN + timedelta(milliseconds=revision if at_ms is None else at_ms)
    return Update(
        kind="insight",
        tenant_id=key.tenant_id,
        conversation_id=key.conversation_id,
        emitted_at=emitted_at,
        insight=insight(revision, key, **changes),
    )
