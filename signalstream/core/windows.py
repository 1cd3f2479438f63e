"""Tumbling windows of event time, per conversation: where a turn falls, what it adds, when a window is done.

Our own on a plain table, because Faust's windowed tables neither close nor expire reliably (faust-streaming #193,
#250, #385). A window holds facts by agent and by ``seq``, so a repeat changes nothing; it closes when the
conversation's event time passes its end plus grace, or at a deadline of our clock, whichever comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import JsonValue

from signalstream.models.intelligence import Analysis, AnalysisStatus, SentimentLabel, Urgency
from signalstream.models.windows import Window, WindowFacts, WindowState

MAX_SEQS = 1_000  # turns whose facts one window holds; more are counted as truncated
SKEW = timedelta(minutes=5)  # how far a client's clock may run ahead before it is not believed


@dataclass(frozen=True)
class WindowPolicy:
    """Length, grace and retention in seconds, and how many windows one conversation may have."""

    seconds: int
    grace_seconds: int
    retention_seconds: int
    per_conversation: int


def window_start(at: datetime, policy: WindowPolicy) -> int:
    """Return the start, in epoch seconds, of the window that ``at`` falls in."""
    seconds = int(at.replace(microsecond=0).timestamp())  # a float of a far year rounds microseconds up to a second
    return seconds - seconds % policy.seconds


def event_time(analysis: Analysis) -> datetime:
    """Return how far an analysis moves its conversation's event time: never past its arrival.

    Else one message that is dated ahead would close windows that others still fall into.
    """
    return min(analysis.written_at, analysis.received_at)


def start_of(analysis: Analysis, policy: WindowPolicy) -> int:
    """Return the start of an analysis's window: a message dated far ahead falls in the latest that is credible."""
    return window_start(min(analysis.written_at, analysis.received_at + SKEW), policy)


def opened(analysis: Analysis, now: datetime, policy: WindowPolicy, watermark: datetime | None = None) -> WindowState:
    """Return the empty window of an analysis. Its deadline is counted from now: event time may be any time.

    ``watermark`` is the conversation's event time: a window that it has passed already waits for its deadline, or the
    first of a message's analyses would close it before the others.
    """
    start = start_of(analysis, policy)
    deadline = now + timedelta(seconds=policy.seconds + policy.grace_seconds)
    return WindowState(
        tenant_id=analysis.tenant_id,
        conversation_id=analysis.conversation_id,
        generation=analysis.generation,
        start=start,
        end=start + policy.seconds,
        deadline=deadline,
        expires_at=deadline + timedelta(seconds=policy.retention_seconds),
        backdated=passed(start, watermark, policy),
    )


def add(state: WindowState, analysis: Analysis) -> WindowState:
    """Return the window with an analysis merged, or counted as late when it is closed; the same object on a repeat."""
    known = state.facts.get(analysis.agent, {})
    if state.status == "closed":
        return state if analysis.seq in known else _late(state, analysis)
    facts = _facts(analysis)
    before = known.get(analysis.seq)
    if before is not None and _preferred(before, facts) == before:
        return state
    if before is None and len(known) >= MAX_SEQS:
        return state if state.truncated else state.model_copy(update={"truncated": True})
    return state.model_copy(update={"facts": {**state.facts, analysis.agent: {**known, analysis.seq: facts}}})


def due(state: WindowState, watermark: datetime | None, now: datetime, policy: WindowPolicy) -> str | None:
    """Return why an open window is to be closed: ``event_time``, ``deadline`` or None."""
    if state.status == "closed":
        return None
    if passed(state.start, watermark, policy) and not state.backdated:
        return "event_time"
    return "deadline" if now >= state.deadline else None


def passed(start: int, watermark: datetime | None, policy: WindowPolicy) -> bool:
    """Say whether event time has come to the end of a window and its grace."""
    return watermark is not None and watermark.timestamp() >= start + policy.seconds + policy.grace_seconds


def close(state: WindowState, by: Literal["event_time", "deadline"]) -> WindowState:
    """Return the window closed; a closed one stays as it is."""
    return state if state.status == "closed" else state.model_copy(update={"status": "closed", "closed_by": by})


def expired(state: WindowState, now: datetime, kept_seconds: int | None = None) -> bool:
    """Say whether a window's row may go; a closed one also when it was kept for its tenant's own retention."""
    if now >= state.expires_at:
        return True
    is_closed = state.status == "closed" and kept_seconds is not None
    return is_closed and now >= state.deadline + timedelta(seconds=kept_seconds or 0)


def view(state: WindowState) -> Window:
    """Return the window as shown, counted from its facts."""
    facts = [fact for by_seq in state.facts.values() for fact in by_seq.values()]
    scores = [fact.score for fact in facts if fact.score is not None]
    urgencies = [fact.urgency for fact in facts if fact.urgency is not None]
    late = {seq for seqs in state.late.values() for seq in seqs}
    return Window(
        start=datetime.fromtimestamp(state.start, UTC),
        end=datetime.fromtimestamp(state.end, UTC),
        status=state.status,
        closed_by=state.closed_by,
        message_count=len({seq for by_seq in state.facts.values() for seq in by_seq}),
        late_count=len(late),
        truncated=state.truncated,
        analyses={agent: len(by_seq) for agent, by_seq in sorted(state.facts.items())},
        failed=_failed(state),
        sentiment=dict(Counter(fact.sentiment for fact in facts if fact.sentiment is not None)),
        average_score=round(sum(scores) / len(scores), 4) if scores else None,
        highest_urgency=max(urgencies, key=lambda urgency: urgency.rank) if urgencies else None,
        intents=dict(Counter(fact.intent for fact in facts if fact.intent is not None)),
        pii_types=dict(sum((Counter(fact.pii_types) for fact in facts), Counter[str]())),
    )


def kept_starts(starts: Iterable[int], policy: WindowPolicy) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Split window starts into those that a conversation keeps, ascending, and the oldest, which must go."""
    ordered = sorted(set(starts))
    cut = max(0, len(ordered) - policy.per_conversation)
    return tuple(ordered[cut:]), tuple(ordered[:cut])


def _failed(state: WindowState) -> dict[str, int]:
    counts = {
        agent: sum(fact.status == AnalysisStatus.FAILED for fact in by_seq.values())
        for agent, by_seq in sorted(state.facts.items())
    }
    return {agent: count for agent, count in counts.items() if count}


def _late(state: WindowState, analysis: Analysis) -> WindowState:
    seqs = state.late.get(analysis.agent, ())
    if analysis.seq in seqs or len(seqs) >= MAX_SEQS:
        return state
    return state.model_copy(update={"late": {**state.late, analysis.agent: tuple(sorted((*seqs, analysis.seq)))}})


def _preferred(one: WindowFacts, other: WindowFacts) -> WindowFacts:
    # Of two analyses of the same turn the one with a result counts; between equals an order that no arrival decides.
    order = ("failed", "skipped", "degraded", "ok")
    return max(one, other, key=lambda fact: (order.index(fact.status), fact.model_dump_json()))


def _facts(analysis: Analysis) -> WindowFacts:
    result = analysis.result or {}
    read = {"sentiment": _sentiment_facts, "insights": _insight_facts, "pii": _pii_facts}.get(analysis.agent)
    return WindowFacts(status=analysis.status.value, **(read(result) if read and result else {}))


def _sentiment_facts(result: dict[str, JsonValue]) -> dict[str, object]:
    score = result.get("score")
    return {"sentiment": SentimentLabel(str(result["sentiment"])), "score": score}


def _insight_facts(result: dict[str, JsonValue]) -> dict[str, object]:
    return {"intent": result.get("intent"), "urgency": Urgency(str(result["urgency"]))}


def _pii_facts(result: dict[str, JsonValue]) -> dict[str, object]:
    entities = result.get("entities")
    found = entities if isinstance(entities, list) else []
    kinds = Counter(str(entity["type"]) for entity in found if isinstance(entity, dict))
    return {"pii_types": dict(sorted(kinds.items()))}
