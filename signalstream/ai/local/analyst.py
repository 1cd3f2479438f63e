"""The local analyst: four tasks by rules that say why. It needs no network and no key and never waits.

Its work is a few milliseconds of CPU for a message, so ``analyse`` runs where it is called.
"""

from __future__ import annotations

from signalstream.ai.analyst import Answer
from signalstream.ai.local.insights import analyse_insights
from signalstream.ai.local.pii import PatternDetector, analyse_pii
from signalstream.ai.local.sentiment import SentimentJudge
from signalstream.ai.local.summary import analyse_summary
from signalstream.ai.local.voices import listen
from signalstream.errors import AnalystRefusedError
from signalstream.models.conversation import Turn

TASKS = ("sentiment", "pii", "insights", "summary")


class LocalAnalyst:
    """Answers every task of TASKS; it keeps nothing between turns."""

    name = "local"

    def __init__(self, detector: PatternDetector | None = None) -> None:
        self._detector = detector or PatternDetector()
        self._sentiment = SentimentJudge()

    async def start(self) -> None:
        """Open nothing: there is nothing to open."""

    async def stop(self) -> None:
        """Close nothing."""

    async def analyse(self, task: str, turn: Turn) -> Answer:
        """Analyse a turn. Raises AnalystRefusedError for a task that it does not know."""
        if task == "pii":
            return Answer(analyse_pii(self._detector, turn), engine="patterns")
        if task not in TASKS:
            raise AnalystRefusedError(f"the local analyst knows no task {task!r}; it knows {', '.join(TASKS)}")
        voices = listen(turn, self._detector.redact)
        if task == "sentiment":
            return Answer(self._sentiment.judge(voices), engine="vader")
        if task == "insights":
            return Answer(analyse_insights(voices), engine="rules")
        return Answer(analyse_summary(voices), engine="extractive")

    def health(self) -> dict[str, object]:
        """Say that it works: there is nothing that could be out of reach."""
        return {"status": "ok", "engines": ["vader", "patterns", "rules", "extractive"]}
