"""Analyses and messages to test with, one at a time or as hypothesis strategies."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from signalstream.core.redaction import Span
from signalstream.models.agents import AI_AGENTS
from signalstream.models.intelligence import Analysis, AnalysisStatus
from signalstream.models.messages import Channel, Message, Sender

BEGIN = datetime(2026, 1, 31, 12, tzinfo=UTC)
TENANT, CONVERSATION = "acme", "c-1"
AGENTS = AI_AGENTS
NAMESPACE = uuid.UUID(int=7)


def message_id(seq: int) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, str(seq))


def message(number: int = 1, text: str = "hello", **changes: Any) -> Message:
    fields = {
        "message_id": message_id(number),
        "tenant_id": TENANT,
        "conversation_id": CONVERSATION,
        "sender": Sender.CUSTOMER,
        "text": text,
        "channel": Channel.CHAT,
        "written_at": BEGIN + timedelta(seconds=number),
        "received_at": BEGIN + timedelta(seconds=number),
    }
    return Message.model_validate(fields | changes)


def found(value: str, kind: str) -> Callable[[str, str], tuple[Span, ...]]:
    """Return a search for personal data that finds ``value``, once in a text."""

    def find(_tenant: str, text: str) -> tuple[Span, ...]:
        start = text.find(value)
        return () if start < 0 else (Span(start, start + len(value), kind, "test", 1.0),)

    return find


def nothing_found(_tenant: str, _text: str) -> tuple[Span, ...]:
    """Find no personal data."""
    return ()


def result_of(agent: str, variant: int = 0) -> dict[str, Any]:
    """Return a result that fits the agent's model; variants differ in what they say."""
    return {
        "sentiment": lambda: {
            "sentiment": ("negative", "neutral", "positive")[variant % 3],
            "confidence": 0.5,
            "emotion": "neutral",
            "reasoning": f"variant {variant}",
            "score": round(((variant % 3) - 1) * 0.5, 4),
        },
        "pii": lambda: {
            "has_pii": variant > 0,
            "entities": [entity("email" if n % 2 else "phone", n) for n in range(variant)],
            "redacted_text": f"variant {variant}",
        },
        "insights": lambda: {
            "intent": ("Refund Request", "Complaint", "Cancellation")[variant % 3],
            "intent_confidence": 0.5,
            "urgency": ("Low", "Medium", "High", "Critical")[variant % 4],
            "estimated_resolution_time": "1 day",
        },
        "summary": lambda: {"tldr": f"variant {variant}", "customer_issue": "an issue"},
        "language": lambda: {"language": ("en", "de", "und")[variant % 3], "confidence": 0.5},
    }[agent]()


def entity(kind: str, number: int) -> dict[str, Any]:
    return {
        "type": kind,
        "value": "[REDACTED]",
        "start_index": number,
        "end_index": number + 1,
        "placeholder": f"[{kind.upper()}_{number}]",
        "confidence": 1.0,
        "detector": "test",
    }


def analysis(agent: str = "sentiment", seq: int = 1, status: str = "ok", variant: int = 0, **changes: Any) -> Analysis:
    with_result = status in {AnalysisStatus.OK, AnalysisStatus.DEGRADED}
    written = BEGIN + timedelta(seconds=seq)
    fields = {
        "agent": agent,
        "tenant_id": TENANT,
        "conversation_id": CONVERSATION,
        "message_id": message_id(seq),
        "seq": seq,
        "sender": Sender.CUSTOMER,
        "written_at": written,
        "received_at": written,
        "status": status,
        "reason": None if status == "ok" else f"because {variant}",
        "engine": "test",
        "result": result_of(agent, variant) if with_result else None,
        "analysed_at": written + timedelta(milliseconds=5),
        "latency_ms": 5.0,
    }
    return Analysis.model_validate(fields | changes)


@st.composite
def analyses(draw: st.DrawFn, agents: tuple[str, ...] = AGENTS, last_seq: int = 6) -> Analysis:
    """Draw an analysis; small choices, so that repeats and near-repeats come up often."""
    seq = draw(st.integers(1, last_seq))
    return analysis(
        draw(st.sampled_from(agents)),
        seq,
        draw(st.sampled_from([status.value for status in AnalysisStatus])),
        draw(st.integers(0, 3)),
        analysed_at=BEGIN + timedelta(seconds=seq, milliseconds=draw(st.integers(0, 2))),
        latency_ms=draw(st.sampled_from([0.0, 1.0, 2.5])),
    )
