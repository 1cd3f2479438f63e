"""The local analyst: four tasks by rules that say why. It needs no network and no key and never waits.

Its work is a few milliseconds of CPU for a message, so ``analyse`` runs where it is called.
"""

from __future__ import annotations

from signalstream.ai.analyst import Answer
from signalstream.ai.local.insights import analyse_insights
from signalstream.ai.local.pii_finder import PersonalDataFinder, analyse_pii
from signalstream.ai.local.sentiment import SentimentJudge
from signalstream.ai.local.summary import analyse_summary
from signalstream.ai.local.voices import listen
from signalstream.errors import AnalystRefusedError
from signalstream.models.conversation import Turn

TASKS = ("sentiment", "pii", "insights", "summary")


class LocalAnalyst:
    """Answers every task of TASKS; it keeps nothing between turns."""

    name = "local"

    def __init__(self, finder: PersonalDataFinder | None = None) -> None:
        self._finder = finder or PersonalDataFinder()
        self._sentiment = SentimentJudge()

    async def start(self) -> None:
        """Load the models that are there; what needs another goes on with rules."""
        await self._finder.start()

    async def stop(self) -> None:
        """End the models' threads."""
        await self._finder.stop()

    async def analyse(self, task: str, turn: Turn) -> Answer:
        """Analyse a turn. Raises AnalystRefusedError for a task that it does not know."""
        if task == "pii":
            return Answer(await analyse_pii(self._finder, turn), engine=self._finder.engine)
        if task not in TASKS:
            raise AnalystRefusedError(f"the local analyst knows no task {task!r}; it knows {', '.join(TASKS)}")
        redacted = await self._finder.redacted(turn)
        voices = listen(turn, redacted.__getitem__)
        if task == "sentiment":
            return Answer(*await self._sentiment.judge(voices))
        if task == "insights":
            return Answer(analyse_insights(voices), engine="rules")
        return Answer(analyse_summary(voices), engine="extractive")

    def health(self) -> dict[str, object]:
        """Say which engines run; ``degraded`` with the reason while a model's file is missing or altered."""
        health: dict[str, object] = {"status": "ok", "engines": ["vader", self._finder.engine, "rules", "extractive"]}
        return (
            health if self._finder.missing is None else {**health, "status": "degraded", "reason": self._finder.missing}
        )
