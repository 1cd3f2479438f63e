"""The merge: analyses of a conversation into one picture, whatever order and however often they arrive.

Every part of the row is a maximum or a union of maxima over the analyses seen, under one total order (``rank``).
Maxima are commutative, associative and idempotent, and so is the merge. Newest ``seq`` wins; of two analyses of the
same turn the better status wins; equal ones keep the earliest, so a repeat changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from pydantic import Field, JsonValue, ValidationError

from signalstream.core import entities
from signalstream.models.base import Model, Timestamp, Versioned
from signalstream.models.intelligence import (
    RESULTS,
    AgentStatus,
    Analysis,
    AnalysisStatus,
    Completeness,
    Insight,
)
from signalstream.models.messages import ConversationId, TenantId

HISTORY = 50  # turns whose small facts (as PII entities) stay in the row
_STATUS_RANK = {
    AnalysisStatus.FAILED: 0,
    AnalysisStatus.SKIPPED: 1,
    AnalysisStatus.DEGRADED: 2,
    AnalysisStatus.OK: 3,
}
Rank = tuple[int, int, str, float, float]


class Slot(Model):
    """One agent's part of the row: its newest analysis, and the newest with a result when that has none."""

    newest: Analysis
    earlier: Analysis | None = None
    history: dict[int, Analysis] = Field(default_factory=dict)

    @property
    def shown(self) -> Analysis | None:
        """Return the newest analysis that has a result."""
        return self.newest if self.newest.result is not None else self.earlier


class InsightState(Versioned):
    """A row of the ``insights`` table.

    ``revision`` counts changes, from ``generation`` on; ``windows`` are the starts of its windows, ascending,
    ``open_windows`` those that are not closed; ``watermark`` is how far the conversation's event time has come.
    """

    tenant_id: TenantId
    conversation_id: ConversationId
    generation: int = Field(default=0, ge=0)
    revision: int = 0
    last_updated: Timestamp | None = None
    watermark: Timestamp | None = None
    slots: dict[str, Slot] = Field(default_factory=dict)
    windows: tuple[int, ...] = ()
    open_windows: tuple[int, ...] = ()


def begun(tenant_id: str, conversation_id: str, generation: int = 0) -> InsightState:
    """Return the row of a conversation before its first analysis. No earlier generation had so high a revision."""
    return InsightState(
        tenant_id=tenant_id, conversation_id=conversation_id, generation=generation, revision=generation
    )


def rank(analysis: Analysis) -> Rank:
    """Return the total order: turn, status, content, then the earliest and the quickest of equals."""
    about = [str(analysis.message_id), analysis.sender, str(analysis.written_at), str(analysis.received_at)]
    content = json.dumps([analysis.reason, analysis.engine, analysis.model, analysis.result, about], sort_keys=True)
    earliest, quickest = -analysis.analysed_at.timestamp(), -analysis.latency_ms
    return (analysis.seq, _STATUS_RANK[analysis.status], content, earliest, quickest)


def misfit(analysis: Analysis) -> str | None:
    """Return what is wrong with an analysis whose result is not what its agent promises, else None."""
    model = RESULTS.get(analysis.agent)
    if model is None or analysis.result is None:
        return None
    try:
        model.model_validate(analysis.result)
    except ValidationError as error:
        return f"the result of the {analysis.agent} agent is no {model.__name__}: {error.error_count()} wrong fields"
    return None


def merge(state: InsightState, analyses: Iterable[Analysis]) -> InsightState:
    """Return the row after ``analyses``; the very same object when they add nothing.

    ``revision`` and ``last_updated`` are left alone: see ``revised``.
    """
    slots = dict(state.slots)
    for analysis in map(entities.bounded, analyses):
        slots[analysis.agent] = _merge_slot(slots.get(analysis.agent), analysis)
    if slots == state.slots:
        return state
    return state.model_copy(update={"slots": slots})


def noted(state: InsightState, event_time: datetime) -> InsightState:
    """Return the row with its event time moved on to ``event_time``; the very same object when it is not later."""
    if state.watermark is not None and event_time <= state.watermark:
        return state
    return state.model_copy(update={"watermark": event_time})


def with_windows(state: InsightState, starts: tuple[int, ...], open_starts: tuple[int, ...]) -> InsightState:
    """Return the row with these windows; the very same object when they are the same."""
    if (starts, open_starts) == (state.windows, state.open_windows):
        return state
    return state.model_copy(update={"windows": starts, "open_windows": open_starts})


def revised(state: InsightState, now: datetime) -> InsightState:
    """Return the row with the next revision."""
    return state.model_copy(update={"revision": state.revision + 1, "last_updated": now})


def _merge_slot(slot: Slot | None, analysis: Analysis) -> Slot:
    if slot is None:
        return Slot(newest=analysis, history=_history({}, analysis))
    newest, shown = _greater(slot.newest, analysis), slot.shown
    if analysis.result is not None:
        shown = analysis if shown is None else _greater(shown, analysis)
    earlier = None if newest.result is not None else shown
    return Slot(newest=newest, earlier=earlier, history=_history(slot.history, analysis))


def _greater(one: Analysis, other: Analysis) -> Analysis:
    mine, theirs = _quick_rank(one), _quick_rank(other)
    if mine == theirs:
        mine, theirs = rank(one), rank(other)
    return other if theirs > mine else one


def _quick_rank(analysis: Analysis) -> tuple[object, ...]:
    # The first parts of the rank, which decide nearly always: the content is read only between two of the same turn.
    return (analysis.seq, _STATUS_RANK[analysis.status])


def _history(history: Mapping[int, Analysis], analysis: Analysis) -> dict[int, Analysis]:
    keep = _HISTORY_OF.get(analysis.agent)
    if keep is None or (small := keep(analysis)) is None:
        return dict(history)
    kept = history.get(analysis.seq)
    merged = {**history, analysis.seq: small if kept is None else _greater(kept, small)}
    return {seq: merged[seq] for seq in sorted(merged)[-HISTORY:]}


_HISTORY_OF: Mapping[str, Callable[[Analysis], Analysis | None]] = {entities.AGENT: entities.to_keep}


def last_seq(state: InsightState) -> int:
    """Return the newest turn that any agent has answered."""
    return max((slot.newest.seq for slot in state.slots.values()), default=0)


def insight(state: InsightState, agents: Iterable[str], newest_seq: int = 0) -> Insight:
    """Return the picture as shown. ``newest_seq`` is the conversation's newest turn, which may wait for its analyses.

    Its revision is the row's plus ``newest_seq``: neither ever falls, so the sum names one state of both.
    """
    seq = max(last_seq(state), newest_seq)
    statuses = {agent: _status(state.slots.get(agent), seq) for agent in agents}
    results = {agent: _result(agent, slot) for agent, slot in state.slots.items() if agent in statuses}
    return Insight.model_validate(
        {
            "conversation_id": state.conversation_id,
            "tenant_id": state.tenant_id,
            "revision": state.revision + newest_seq,
            "completeness": _completeness(statuses.values()),
            "last_seq": seq,
            "agents": statuses,
            "last_updated": state.last_updated,
            **results,
        }
    )


def _completeness(statuses: Iterable[AgentStatus]) -> Completeness:
    found = list(statuses)
    if all(status.status != "pending" for status in found):
        return Completeness.COMPLETE
    if all(status.based_on_seq is None for status in found):
        return Completeness.NONE if all(s.status == "pending" for s in found) else Completeness.PARTIAL
    return Completeness.PARTIAL


def _status(slot: Slot | None, seq: int) -> AgentStatus:
    if slot is None:
        return AgentStatus(status="pending")
    newest, shown = slot.newest, slot.shown
    return AgentStatus(
        status="pending" if newest.seq < seq else newest.status.value,
        reason=newest.reason,
        reason_code=newest.reason_code,
        engine=newest.engine,
        model=newest.model,
        based_on_seq=shown.seq if shown else None,
        latency_ms=newest.latency_ms,
    )


def _result(agent: str, slot: Slot) -> JsonValue:
    if slot.shown is None or slot.shown.result is None:
        return None
    return entities.shown(slot.shown, slot.history) if agent == entities.AGENT else slot.shown.result
