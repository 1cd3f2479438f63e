"""The one way that a question takes, whichever protocol brought it: counted, held to the quota, met by its fate."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from tests.gemini_fake.brain import answer_to
from tests.gemini_fake.exchange import Answered, Asked, TurnedAwayError, tokens_in
from tests.gemini_fake.faults import DELAYING, DIRECTIVE, REPLY_FAULTS, Fate, FaultMix, Script, told_in
from tests.gemini_fake.quota import Quota
from tests.gemini_fake.reading import conversations_in
from tests.gemini_fake.spoiling import bounded, spoilt
from tests.gemini_fake.stats import Stats

FOREVER_SECONDS = 3_600.0


@dataclass
class FakeModel:
    """A model that answers by small rules. ``thought_tokens`` are spent on each answer before its text."""

    faults: FaultMix = field(default_factory=FaultMix)
    quota: Quota = field(default_factory=Quota)
    thought_tokens: int = 0
    script: Script = field(default_factory=Script)
    stats: Stats = field(default_factory=Stats)

    async def answer(self, asked: Asked) -> Answered:
        """Return the answer. Raises TurnedAwayError."""
        now = time.monotonic()
        self.stats.arrived(asked.text, now)
        try:
            return await self._answered(asked, now)
        except TurnedAwayError as error:
            self.stats.counts["quota" if error.quota else error.fault] += 1
            raise
        except asyncio.CancelledError:
            self.stats.counts["client_gone"] += 1
            raise
        finally:
            self.stats.left()

    async def _answered(self, asked: Asked, now: float) -> Answered:
        wait = self.quota.refusal(now)
        if wait is not None:
            raise TurnedAwayError("rate_limit", wait, quota=True)
        self.stats.gathered(len(conversations_in(asked.data)))
        fate = told_in(asked.data, self.script.next() or self.faults.draw())
        if fate.fault == "hang":
            self.stats.counts["hang"] += 1
            await asyncio.sleep(FOREVER_SECONDS)
        await asyncio.sleep(fate.latency)
        if fate.fault is not None and fate.fault not in REPLY_FAULTS:
            raise TurnedAwayError(fate.fault, fate.retry_after if fate.fault in DELAYING else None)
        self.stats.counts[fate.fault or "ok"] += 1
        return self._written(asked, fate)

    def _written(self, asked: Asked, fate: Fate) -> Answered:
        text = fate.says
        if text is None:
            text = answer_to(Asked(asked.model, "", DIRECTIVE.sub("", asked.data), asked.schema, asked.json_mode))
        sent = tokens_in(asked.text)
        answered = Answered(text, prompt_tokens=sent, thought_tokens=self.thought_tokens)
        spoiled = spoilt(bounded(answered, asked.most_tokens), fate.fault)
        self.stats.tokens.update(prompt=sent, output=spoiled.output_tokens, thoughts=spoiled.thought_tokens)
        return spoiled

    def reset(self) -> None:
        """Forget counts, script, quota and faults."""
        self.stats.reset()
        self.script.clear()
        self.quota.clear()
        self.faults = FaultMix()
