"""The pii agent: which personal data a message holds."""

from __future__ import annotations

from signalstream.agents.analysis import AnalysisKind
from signalstream.models.intelligence import Pii
from signalstream.topics import AI_PII

KIND = AnalysisKind(name="pii", output=AI_PII, result=Pii)
