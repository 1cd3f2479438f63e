"""An analyst over labelled sets: every record by the same turns as in the pipeline, and the figures of its task."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from signalstream.ai.analyst import Analyst
from signalstream.ai.bulk import Said, analysed, turns_of
from signalstream.ai.evaluation import intent, language, pii, requests, sentiment, summary
from signalstream.ai.evaluation.pii import LabelledEntity
from signalstream.ai.evaluation.sets import LabelledSet
from signalstream.core.conversation import Bounds, Find
from signalstream.errors import AnalystError
from signalstream.models.agents import AI_AGENTS
from signalstream.models.messages import MAX_TEXT_CHARACTERS, Sender

AT_ONCE = 64
AGENT_OF = {"intent": "insights", "requests": "insights"}
"""The agent that a task's answer is of, where it has another name."""


@dataclass(frozen=True)
class Bench:
    """An analyst, started, with what turns are made by."""

    analyst: Analyst
    find: Find
    bounds: Bounds

    async def answers(self, agent: str, tenant: str, said: Sequence[Sequence[Said]]) -> list[dict[str, Any]]:
        """Return the agent's result for each conversation, in order. Raises AnalystError when one has none."""
        made: list[dict[str, Any]] = []
        for start in range(0, len(said), AT_ONCE):
            batch = said[start : start + AT_ONCE]
            made += await asyncio.gather(*(self._answer(agent, tenant, each) for each in batch))
        return made

    async def _answer(self, agent: str, tenant: str, said: Sequence[Said]) -> dict[str, Any]:
        made = await analysed(self.analyst, [agent], turns_of(tenant, "evaluate", said, self.find, self.bounds))
        result = made.results[agent]
        if result is None:
            raise AnalystError(f"no {agent} result, so nothing can be measured: {made.failures[agent]}")
        return result

    async def figures(self, given: LabelledSet) -> dict[str, float]:
        """Return the figures of a set."""
        agent = AGENT_OF.get(given.task, given.task)
        found = await self.answers(agent, tenant_of(given), [_said(given.task, one) for one in given.records])
        return _MEASURES[given.task](given.records, found)

    async def speed(self, texts: Sequence[str]) -> dict[str, float]:
        """Return how many messages the whole chain takes in a second of CPU, and in one of time."""
        wall, cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(texts), AT_ONCE):
            await asyncio.gather(*(self._everything(text) for text in texts[start : start + AT_ONCE]))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return {"messages_per_cpu_second": len(texts) / cpu, "messages_per_second": len(texts) / wall}

    async def _everything(self, text: str) -> None:
        turns = turns_of("evaluate", "speed", _one(text), self.find, self.bounds)
        await asyncio.gather(*(analysed(self.analyst, [agent], turns) for agent in AI_AGENTS))


def tenant_of(given: LabelledSet) -> str:
    """Return the tenant that a set's own labels are of."""
    return given.name.replace(" ", "-").lower() if given.samples else "evaluate"


def texts_of(given: LabelledSet) -> list[str]:
    """Return the texts of a set, one for each record."""
    return [_said(given.task, one)[-1].text for one in given.records]


def _said(task: str, record: Any) -> Sequence[Said]:
    if task == "summary":
        return [Said(one.sender, one.message) for one in record.messages]
    return _one(record[0] if isinstance(record, tuple) else record.text)


def _one(text: str) -> Sequence[Said]:
    return [Said(Sender.CUSTOMER, text[:MAX_TEXT_CHARACTERS])]


def _sentiment(records: Sequence[Any], found: Sequence[dict[str, Any]]) -> dict[str, float]:
    return sentiment.measure([label for _, label in records], [one["sentiment"] for one in found])


def _intent(records: Sequence[Any], found: Sequence[dict[str, Any]]) -> dict[str, float]:
    predicted = [one["intent"] for one in found]
    return intent.measure([label for _, label in records], predicted, [one["intent_confidence"] for one in found])


def _pii(records: Sequence[Any], found: Sequence[dict[str, Any]]) -> dict[str, float]:
    spans = [
        [
            LabelledEntity(type=entity["type"], start=entity["start_index"], end=entity["end_index"])
            for entity in one["entities"]
        ]
        for one in found
    ]
    return pii.pii_figures(records, spans)


def _summary(records: Sequence[Any], found: Sequence[dict[str, Any]]) -> dict[str, float]:
    return summary.measure([one.summaries for one in records], [one["tldr"] for one in found])


def _requests(records: Sequence[Any], found: Sequence[dict[str, Any]]) -> dict[str, float]:
    return requests.measure(
        [one.request for one in records], [bool(one["requests"] or one["commitments"]) for one in found]
    )


def _language(records: Sequence[Any], found: Sequence[dict[str, Any]]) -> dict[str, float]:
    return language.measure([one.language for one in records], [one["language"] for one in found])


_MEASURES = {
    "sentiment": _sentiment,
    "intent": _intent,
    "pii": _pii,
    "summary": _summary,
    "requests": _requests,
    "language": _language,
}
