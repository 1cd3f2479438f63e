"""What the agents count: analyses by how they ended, insights, closed windows, and how long a message took in all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from signalstream.core.merging import InsightState
from signalstream.metrics.metrics import QUIET, EachCounter, Metrics
from signalstream.models.intelligence import Analysis
from signalstream.models.live import Update


def counted_analyses(metrics: Metrics, agent: str) -> Callable[[Analysis], None]:
    """Return what takes in each analysis of an agent, once it is sent."""
    each, seconds = EachCounter(metrics, "analyses", agent), metrics.histogram("analysis_seconds", agent)

    def told(analysis: Analysis) -> None:
        each[analysis.status.value, analysis.engine]()
        seconds(analysis.latency_ms / 1000)

    return told


class Told:
    """Counts what the aggregation agent tells. ``agents`` are those that a message waits for."""

    def __init__(self, agents: tuple[str, ...], metrics: Metrics = QUIET) -> None:
        self._agents = agents
        self._insights = EachCounter(metrics, "insights_emitted")
        self._windows = EachCounter(metrics, "windows_closed")
        self._seconds = metrics.histogram("complete_seconds")

    def updates(self, updates: Iterable[Update]) -> None:
        """Take in updates that were sent."""
        for update in updates:
            if update.insight is not None:
                self._insights[(update.insight.completeness.value,)]()
            if update.window is not None and update.window.closed_by is not None:
                self._windows[(update.window.closed_by,)]()

    def completed(self, before: InsightState, after: InsightState, analyses: Iterable[Analysis], now: datetime) -> None:
        """Take in how long each message took that the last of its answers came for. Repeats complete nothing."""
        for seq, received_at in {analysis.seq: analysis.received_at for analysis in analyses}.items():
            if _has_answered(after, self._agents, seq) and not _has_answered(before, self._agents, seq):
                self._seconds(max(0.0, (now - received_at).total_seconds()))


def _has_answered(state: InsightState, agents: Iterable[str], seq: int) -> bool:
    """Say whether every agent has answered for this turn, or for a later one."""
    return all((slot := state.slots.get(agent)) is not None and slot.newest.seq >= seq for agent in agents)
