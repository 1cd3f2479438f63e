"""The summary agent: the conversation in short."""

from __future__ import annotations

from signalstream.agents.analysis import AnalysisKind
from signalstream.models.intelligence import Summary
from signalstream.topics import AI_SUMMARY

KIND = AnalysisKind(name="summary", output=AI_SUMMARY, result=Summary)
