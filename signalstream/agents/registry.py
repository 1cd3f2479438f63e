"""The AI agents: a new one is a file of its own and one line here."""

from __future__ import annotations

from signalstream.agents import insights, pii, sentiment, summary
from signalstream.agents.analysis import AnalysisKind

AI_AGENTS: tuple[AnalysisKind, ...] = (
    sentiment.KIND,
    pii.KIND,
    insights.KIND,
    summary.KIND,
)
AI_AGENT_NAMES = tuple(kind.name for kind in AI_AGENTS)
