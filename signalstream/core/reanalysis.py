"""Which turns are to be analysed again: those whose newest analysis came from a lesser analyst than the chosen one.

Asking again is harmless: the better analysis of a turn replaces the lesser one, in whatever order they arrive
(``merging``), and one that is no better changes nothing that was better.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from signalstream.models.conversation import Turn
from signalstream.models.intelligence import Analysis, AnalysisStatus

TurnName = tuple[str, str, UUID]


@dataclass(frozen=True)
class Wanted:
    """Analyses that fit everything that is set. ``since`` is the first moment that counts, ``until`` the first after.

    Moments are those at which the lesser analyst answered.
    """

    agents: frozenset[str] = frozenset()
    tenant: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, analysis: Analysis) -> bool:
        """Say whether an analysis is meant."""
        return (
            (not self.agents or analysis.agent in self.agents)
            and self.tenant in (None, analysis.tenant_id)
            and (self.since is None or analysis.analysed_at >= self.since)
            and (self.until is None or analysis.analysed_at < self.until)
        )


@dataclass
class Degraded:
    """Collects analyses, in the order of their topic, and gives each turn's agents away once."""

    wanted: Wanted
    _agents: dict[TurnName, set[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._agents)

    def add(self, analyses: Iterable[Analysis]) -> None:
        """Note what is degraded, and forget what has become better since."""
        for analysis in analyses:
            name = (analysis.tenant_id, analysis.conversation_id, analysis.message_id)
            if analysis.status == AnalysisStatus.DEGRADED and self.wanted.fits(analysis):
                self._agents.setdefault(name, set()).add(analysis.agent)
            elif analysis.status == AnalysisStatus.OK and name in self._agents:
                self._agents[name].discard(analysis.agent)
                if not self._agents[name]:
                    del self._agents[name]

    def take(self, turn: Turn) -> tuple[str, ...]:
        """Return the agents that are to take a turn again, and forget it: a turn may lie in its topic twice."""
        message = turn.message
        agents = self._agents.pop((message.tenant_id, message.conversation_id, message.message_id), set())
        return tuple(sorted(agents))
