"""The AI agents as they run, each made from its name (``signalstream.models.agents``)."""

from __future__ import annotations

from signalstream.agents.analysis import AnalysisKind
from signalstream.ai.results import result_of
from signalstream.models import agents
from signalstream.topics import AI_TOPICS

AI_AGENT_NAMES = agents.AI_AGENTS
AI_AGENTS = tuple(
    AnalysisKind(name, topic, result_of(name)) for name, topic in zip(AI_AGENT_NAMES, AI_TOPICS, strict=True)
)
