"""The insights agent: what the customer wants, how soon, and what to do."""

from __future__ import annotations

from signalstream.agents.analysis import AnalysisKind
from signalstream.models.intelligence import Insights
from signalstream.topics import AI_INSIGHTS

KIND = AnalysisKind(name="insights", output=AI_INSIGHTS, result=Insights)
