"""An analyst that answers at once with constant, valid results: what is measured is the pipeline, not an analysis.

``SIGNALSTREAM_ANALYST=benchmarks.instant_analyst:create`` chooses it.
"""

from __future__ import annotations

from collections.abc import Mapping

from signalstream.ai.analyst import Answer
from signalstream.ai.tasks.language import Language
from signalstream.errors import AnalystRefusedError
from signalstream.models.base import Model
from signalstream.models.conversation import Turn
from signalstream.models.intelligence import Emotion, Insights, Pii, Sentiment, SentimentLabel, Summary, Urgency
from signalstream.settings import Settings

NAME = "instant"


class InstantAnalyst:
    """Answers every task with the same result object."""

    def __init__(self, results: Mapping[str, Model]) -> None:
        self._answers = {task: Answer(result=result, engine=NAME) for task, result in results.items()}

    @property
    def name(self) -> str:
        """See Analyst."""
        return NAME

    async def start(self) -> None:
        """See Analyst; there is nothing to open."""

    async def stop(self) -> None:
        """See Analyst; there is nothing to close."""

    async def analyse(self, task: str, turn: Turn) -> Answer:  # noqa: ARG002 - the answer is the same for every turn
        """See Analyst. Raises AnalystRefusedError for a task that is no AI agent."""
        answer = self._answers.get(task)
        if answer is None:
            raise AnalystRefusedError(f"the instant analyst knows {', '.join(self._answers)}, not {task}")
        return answer

    def health(self) -> dict[str, object]:
        """See Analyst."""
        return {"status": "ok"}


def create(settings: Settings) -> InstantAnalyst:  # noqa: ARG001 - the signature of every analyst's factory
    """Return the analyst; the factory that SIGNALSTREAM_ANALYST names."""
    return InstantAnalyst(results())


def results() -> dict[str, Model]:
    """Return task -> its constant result, of the size that the local analyst's results have."""
    return {
        "sentiment": Sentiment(
            sentiment=SentimentLabel.NEGATIVE,
            confidence=0.82,
            emotion=Emotion.FRUSTRATED,
            reasoning="The customer waits and says so.",
            score=-0.64,
        ),
        "pii": Pii(has_pii=False, redacted_text="The refund that I was promised has not arrived."),
        "insights": Insights(
            intent="Refund Request",
            intent_confidence=0.78,
            urgency=Urgency.MEDIUM,
            urgency_reasons=("money is owed",),
            categories=("billing", "refund"),
            suggested_actions=("Check the refund's status.",),
            estimated_resolution_time="1 business day",
            key_concerns=("The refund is late.",),
        ),
        "summary": Summary(
            tldr="The customer asks for a refund that has not arrived.",
            customer_issue="The refund has not arrived.",
            key_points=("A refund was promised.",),
            next_steps=("Check the refund's status.",),
        ),
        "language": Language(language="en", confidence=0.99),
    }
