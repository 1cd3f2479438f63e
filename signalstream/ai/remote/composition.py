"""A remote analyst of a provider and the settings: the layers, what is redacted, who answers in its stead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from signalstream.ai.analyst import Analyst
from signalstream.ai.remote.analyst import RemoteAnalyst
from signalstream.ai.remote.backlog import Size
from signalstream.ai.remote.budget import Rebalanced
from signalstream.ai.remote.calling import Caller, layered
from signalstream.ai.remote.measuring import show_calls
from signalstream.ai.remote.outgoing import Outgoing
from signalstream.ai.remote.patience import Patience
from signalstream.ai.remote.provider import Provider, Question, Reply
from signalstream.ai.remote.watching import WatchedProvider
from signalstream.core.clock import SystemClock
from signalstream.metrics.metrics import Metrics
from signalstream.settings import Settings

LINE_SHARE = 0.1  # of an analysis's deadline: how long a turn stands in line until its texts are searched
REMOTE_SHARE = 0.6  # of it: how long the model is waited for after that; the rest is the local analyst's


@dataclass(frozen=True)
class LayeredCalls:
    """The layers as the analyst sees them."""

    caller: Caller

    async def call(self, question: Question, deadline: float, tenant: str) -> Reply:
        """See Caller."""
        return await self.caller.call(question, deadline, tenant)

    def answer_seconds(self) -> float:
        """Return how long the latest answers took."""
        return self.caller.usage.typical_seconds

    def question_seconds(self, ahead: int) -> float:
        """Return how long a question waits until it may go, after ``ahead`` others; inf when none goes at all."""
        caller = self.caller
        between = max(caller.limiter.pace.interval, caller.usage.typical_seconds / caller.in_flight.limit)
        return caller.limiter.wait_seconds(caller.in_flight.waiting) + ahead * between

    def goes_at_once(self, ahead: int) -> bool:
        """Say whether a question would wait for nothing, neither for budget nor for a place, after ``ahead`` others."""
        limiter, in_flight = self.caller.limiter, self.caller.in_flight
        has_place = in_flight.taken + in_flight.waiting + ahead < in_flight.limit
        return has_place and limiter.wait_seconds(ahead) <= 0

    def condition(self) -> dict[str, object]:
        """See Caller."""
        return self.caller.condition()

    def follow(self, apps: Sequence[Rebalanced], *, topic: str, partitions: int, agents: int) -> None:
        """See Caller."""
        self.caller.follow(apps, topic=topic, partitions=partitions, agents=agents)

    def show(self, metrics: Metrics) -> None:
        """See ``measuring``."""
        show_calls(metrics, self.caller)


def remote_analyst(provider: Provider, settings: Settings, local: Analyst, outgoing: Outgoing) -> RemoteAnalyst:
    """Return an analyst that asks ``provider``; ``outgoing``'s search is started by ``local``."""
    patience = patience_of(settings)
    watched = WatchedProvider(provider, patience.note, patience.began)
    return RemoteAnalyst(
        watched,
        LayeredCalls(layered(watched, settings, SystemClock())),
        local,
        outgoing=outgoing,
        size=Size(settings.remote_gathered_turns, settings.remote_gathered_characters),
        patience=patience,
        line_seconds=LINE_SHARE * settings.analysis_deadline_seconds,
    )


def patience_of(settings: Settings) -> Patience:
    """Return how long the model is waited for: never so long that the local analyst would have no time."""
    longest = REMOTE_SHARE * settings.analysis_deadline_seconds
    return Patience(
        min(settings.remote_deadline_seconds, longest), min(settings.remote_outage_deadline_seconds, longest)
    )
