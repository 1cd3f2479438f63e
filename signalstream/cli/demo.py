"""Plays conversations through the API, all at once as in a support centre, and watches each become an insight."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Protocol

import aiohttp

from signalstream.cli.api_client import Api, ApiError, InsightStream
from signalstream.cli.samples import Sample
from signalstream.models.intelligence import Completeness, Insight
from signalstream.models.messages import MessageIn

INSIGHT_SECONDS = 30.0


@dataclass
class Played:
    """A conversation as far as it has been played. ``latencies`` run from POST to complete insight, in seconds."""

    sample: Sample
    accepted: int = 0
    latencies: list[float] = field(default_factory=list)
    insight: Insight | None = None
    pii_types: list[str] = field(default_factory=list)
    last_message: str = ""
    trouble: str | None = None

    @property
    def analysed(self) -> int:
        """Return how many messages have a complete insight."""
        return len(self.latencies)

    @property
    def succeeded(self) -> bool:
        """Say whether every message was analysed and no agent failed."""
        failed = self.insight is None or any(agent.status == "failed" for agent in self.insight.agents.values())
        return self.trouble is None and not failed and self.analysed == len(self.sample.messages)

    def see(self, insight: Insight) -> None:
        """Take an update: the newest picture, and the kinds of personal data that were found on the way."""
        self.insight = insight
        if insight.pii is not None:
            self.last_message = insight.pii.redacted_text
            found = (entity.type for entity in insight.pii.entities)
            self.pii_types = list(dict.fromkeys([*self.pii_types, *found]))


@dataclass(frozen=True)
class Pace:
    """How the conversations are spread in time, in seconds."""

    between_starts: float = 0.3
    between_messages: float = 0.25


class Audience(Protocol):
    """Who is told what happens while the conversations are played."""

    def accepted(self, played: Played) -> None:
        """Hear that the broker has acknowledged the conversation's next message."""
        ...

    def analysed(self, played: Played) -> None:
        """Hear that the conversation's newest message has a complete insight."""
        ...

    def troubled(self, played: Played) -> None:
        """Hear that the conversation could not be played to its end; ``trouble`` says why."""
        ...


@dataclass(frozen=True)
class Stage:
    """Where conversations are played, who watches, and what measures the time."""

    api: Api
    audience: Audience
    pace: Pace = Pace()
    clock: Callable[[], float] = time.monotonic

    async def play(self, conversations: Sequence[Played]) -> None:
        """Play all conversations at once; a trouble with one leaves the others alone."""
        async with asyncio.TaskGroup() as group:
            for number, played in enumerate(conversations):
                # Different rhythms, so that the conversations interleave as they do in a support centre.
                beat = self.pace.between_messages * (1 + number % 5 / 4)
                group.create_task(self._play(played, number * self.pace.between_starts, beat))

    async def _play(self, played: Played, delay: float, beat: float) -> None:
        await asyncio.sleep(delay)
        try:
            async with self.api.stream(played.sample.conversation_id) as stream:
                for message in played.sample.messages:
                    await self._play_message(stream, played, message)
                    await asyncio.sleep(beat)
            view = await self.api.conversation(played.sample.conversation_id)
            played.last_message = view.messages[-1].text
        except TimeoutError:
            self._trouble(played, f"no complete insight of message {played.accepted} in {INSIGHT_SECONDS:.0f} s")
        except (ApiError, aiohttp.ClientError) as error:
            self._trouble(played, str(error))

    async def _play_message(self, stream: InsightStream, played: Played, message: MessageIn) -> None:
        number, started = played.accepted + 1, self.clock()
        await self.api.post(message, f"{message.conversation_id}-{number}")
        played.accepted = number
        self.audience.accepted(played)
        async with asyncio.timeout(INSIGHT_SECONDS):
            while not covers(played.insight, number):
                played.see(await stream.next())
        played.latencies.append(self.clock() - started)
        self.audience.analysed(played)

    def _trouble(self, played: Played, what: str) -> None:
        played.trouble = what
        self.audience.troubled(played)


def covers(insight: Insight | None, number: int) -> bool:
    """Say whether an insight is the complete picture as of message ``number`` or later."""
    return insight is not None and insight.completeness is Completeness.COMPLETE and insight.last_seq >= number


def verdict(conversations: Iterable[Played]) -> str:
    """Return the demo's result in one sentence."""
    played = list(conversations)
    spent = [each * 1000 for one in played for each in one.latencies]
    sentence = f"{len(spent)} of {sum(len(one.sample.messages) for one in played)} messages became insights"
    if not spent:
        return sentence
    return f"{sentence}; POST to complete insight: median {median(spent):.0f} ms, slowest {max(spent):.0f} ms"
