"""The sentiment agent: how the customer feels."""

from __future__ import annotations

from signalstream.agents.analysis import AnalysisKind
from signalstream.models.intelligence import Sentiment
from signalstream.topics import AI_SENTIMENT

KIND = AnalysisKind(name="sentiment", output=AI_SENTIMENT, result=Sentiment)
