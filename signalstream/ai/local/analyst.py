"""The local analyst: every task by small models and by rules that say why. It needs no network and no key.

Models compute in threads of their own, rules where ``analyse`` is called, those for long texts in a thread (``aside``).
What a missing model would have done, rules do, and ``health`` and each answer's engine say so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

import structlog

from signalstream.ai.analyst import Answer
from signalstream.ai.local.aside import aside
from signalstream.ai.local.insights import analyse_insights
from signalstream.ai.local.intent import IntentJudge
from signalstream.ai.local.memory import give_back
from signalstream.ai.local.models import LocalModels, load_models
from signalstream.ai.local.pii_finder import PersonalDataFinder, analyse_pii
from signalstream.ai.local.requests import RequestJudge
from signalstream.ai.local.said import said_in
from signalstream.ai.local.sentiment import SentimentJudge
from signalstream.ai.local.summary import Summarizer
from signalstream.ai.local.taxonomy import ANY_TENANT, Advice, Taxonomy
from signalstream.ai.local.voices import listen
from signalstream.ai.results import Judge, local_judges
from signalstream.errors import AnalystRefusedError
from signalstream.models.conversation import Turn
from signalstream.models.messages import Sender
from signalstream.settings import Settings

TASKS = ("sentiment", "pii", "insights", "summary")
log = structlog.get_logger()


class LocalAnalyst:
    """Answers the tasks of TASKS and those with a file in ``ai/tasks``; it keeps nothing between turns."""

    name = "local"

    def __init__(
        self,
        finder: PersonalDataFinder | None = None,
        taxonomies: Mapping[str, Taxonomy] | None = None,
        load: Callable[[], LocalModels] | None = None,
        settings: Settings | None = None,
        judges: dict[str, Judge] | None = None,
    ) -> None:
        self._finder = finder or PersonalDataFinder()
        self._taxonomies = taxonomies or {}
        self._load = load or partial(load_models, self._taxonomies)
        self._settings = settings
        self._judges: dict[str, Judge] = {} if judges is None else judges
        self._models = LocalModels()
        self._sentiment = SentimentJudge()
        self._intent = IntentJudge()
        self._requests = RequestJudge()
        self._summarizer = Summarizer()

    async def start(self) -> None:
        """Load the models that are there; what needs another goes on with rules."""
        await self._finder.start()
        if not self._judges:
            self._judges.update(await asyncio.to_thread(local_judges, self._settings))
            for judge in self._judges.values():
                if judge.missing:
                    log.warning("analyst.model_missing", reason=judge.missing, instead="rules")
        if self._models.encoder is not None:
            return
        self._models = await asyncio.to_thread(self._load)
        for reason in self._models.missing:
            log.warning("analyst.model_missing", reason=reason, instead="rules")
        if self._models.encoder is not None:
            self._models.encoder.start()
        self._sentiment = SentimentJudge(self._models.encoder, self._models.heads.get("sentiment"))
        self._intent = IntentJudge(self._models.encoder, self._models.intents, self._models.heads.get("sentiment"))
        self._requests = RequestJudge(self._models.encoder, self._models.heads.get("requests"))
        self._summarizer = Summarizer(self._models.encoder)
        await asyncio.to_thread(give_back)

    async def stop(self) -> None:
        """End the models' threads."""
        await self._finder.stop()
        if self._models.encoder is not None:
            await self._models.encoder.stop()
        self._models, self._sentiment, self._intent = LocalModels(), SentimentJudge(), IntentJudge()
        self._requests, self._summarizer = RequestJudge(), Summarizer()

    async def analyse(self, task: str, turn: Turn) -> Answer:
        """Analyse a turn. Raises AnalystRefusedError for a task that it does not know."""
        if task == "pii":
            return Answer(await analyse_pii(self._finder, turn), engine=self._finder.engine)
        if task in self._judges:
            return Answer(*self._judges[task].judge(turn))
        if task not in TASKS:
            known = ", ".join([*TASKS, *self._judges])
            raise AnalystRefusedError(f"the local analyst, as it was started, knows no task {task!r}; it knows {known}")
        redacted = await self._finder.redacted(turn)
        voices = listen(turn, redacted.__getitem__)
        if task == "sentiment":
            return Answer(*await self._sentiment.judge(voices))
        characters = sum(len(text) for text in redacted)
        said = await aside(characters, partial(said_in, voices))
        wishes = await self._requests.judge(said)
        if task == "insights":
            # As they were written but for patterns: a name, or a word taken for one, may tell what someone wants.
            heard = listen(turn, (await self._finder.without_patterns(turn)).__getitem__)
            intent = await self._intent.judge(heard.of(Sender.CUSTOMER), turn.message.tenant_id)
            own = self._advice(turn.message.tenant_id).get(intent.intent)
            found = await aside(characters, partial(analyse_insights, voices, intent, said, wishes, own))
            return Answer(found, engine=f"rules+{intent.engine}")
        return Answer(await self._summarizer.summarise(said, wishes), engine=self._summarizer.engine)

    def foresee(self, turn: Turn) -> None:
        """Begin the search for personal data, which all tasks need: see Foresees."""
        self._finder.foresee(turn.message.tenant_id, turn.message.text)

    def in_a_hurry(self) -> LocalAnalyst:
        """Return one without models, which answers by rules at once: see Hurries."""
        finder = self._finder.without_model()
        return LocalAnalyst(finder, self._taxonomies, LocalModels, self._settings, self._judges)

    def _advice(self, tenant_id: str) -> Mapping[str, Advice]:
        taxonomy = self._taxonomies.get(tenant_id) or self._taxonomies.get(ANY_TENANT)
        return taxonomy.advice if taxonomy else {}

    def health(self) -> dict[str, object]:
        """Say what could not be loaded and why; without such a thing the status is ok."""
        parts = [self._finder.missing, *self._models.missing, *(judge.missing for judge in self._judges.values())]
        missing = [reason for reason in parts if reason]
        engines = ["minilm" if self._models.encoder else "vader", self._finder.engine, "rules", self._summarizer.engine]
        if missing:
            return {"status": "degraded", "reason": "; ".join(missing), "engines": engines}
        return {"status": "ok", "engines": engines}
