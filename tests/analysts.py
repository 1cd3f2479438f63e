"""Analysts that a test's worker is told to use: SIGNALSTREAM_ANALYST=tests.analysts:<factory>."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from signalstream.ai.analyst import Answer
from signalstream.ai.local.analyst import LocalAnalyst
from signalstream.errors import AnalystRefusedError
from signalstream.models.base import Model
from signalstream.models.conversation import Turn
from signalstream.models.intelligence import Summary
from signalstream.settings import Settings

RAISES = "RAISE"
REFUSES = "REFUSE"
NEVER_ANSWERS = "NEVER"
ANSWERS_NONSENSE = "NONSENSE"
MENDED = "mended"  # a file in the data directory: while it is there, nothing is raised
SLOW = "SLOW"
SLOW_SECONDS = 4.0  # for every task, not only the mood's


@dataclass
class MoodyAnalyst:
    """The local analyst, except for the task ``mood`` on messages that hold one of the words above.

    A message that says SLOW takes seconds in every task, and is answered rightly then.
    """

    inner: LocalAnalyst
    mended: Path | None = None
    mood: str = "sentiment"

    @property
    def name(self) -> str:
        return "moody"

    async def start(self) -> None:
        await self.inner.start()

    async def stop(self) -> None:
        await self.inner.stop()

    def health(self) -> dict[str, object]:
        return {"status": "ok"}

    async def analyse(self, task: str, turn: Turn) -> Answer:
        text = turn.message.text
        if SLOW in text:
            await asyncio.sleep(SLOW_SECONDS)
        if task == self.mood and RAISES in text and not (self.mended and self.mended.exists()):
            raise ZeroDivisionError("a fault that nobody foresaw")
        if task == self.mood and REFUSES in text:
            raise AnalystRefusedError("not this one")
        if task == self.mood and NEVER_ANSWERS in text:
            await asyncio.sleep(3600)
        if task == self.mood and ANSWERS_NONSENSE in text:
            return Answer(_nonsense(), "nonsense")
        return await self.inner.analyse(task, turn)


def moody(settings: Settings) -> MoodyAnalyst:
    return MoodyAnalyst(LocalAnalyst(), settings.data_dir / MENDED)


def _nonsense() -> Model:
    return Summary(tldr="not a sentiment", customer_issue="")
