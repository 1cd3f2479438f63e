"""What is built once in a process and handed to several of its parts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from signalstream.ai.analyst import Analyst, AsksElsewhere, Foresees, Hurries
from signalstream.auditing import AuditLog
from signalstream.core.clock import SystemClock
from signalstream.core.letter_rate import LetterRate
from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.core.tags import KeyedTagger
from signalstream.encryption import Encryption
from signalstream.metrics.metrics import QUIET, EachCounter, Metrics
from signalstream.metrics.prometheus import PrometheusMetrics
from signalstream.models.conversation import Turn
from signalstream.policies import ReplicaPolicies
from signalstream.settings import Settings
from signalstream.streaming.application import SignalApp
from signalstream.streaming.delivery import ProducerOutbox, Stage
from signalstream.streaming.loop import still_ours
from signalstream.streaming.values import RecentlyRead
from signalstream.tables.rules import Rules, rules_of
from signalstream.topics import (
    DLQ,
    TopicSpec,
    topic_name,
)


@dataclass(frozen=True)
class Parts:
    """What is built once and handed to several: a scratch pad of the composition."""

    settings: Settings
    analyst: Analyst
    main: SignalApp
    apps: tuple[SignalApp, ...]
    encryption: Encryption | None
    policies: ReplicaPolicies

    @property
    def sealer(self) -> Sealer:
        """Return what seals and opens values."""
        return self.encryption.vault if self.encryption else UNSEALED

    @cached_property
    def read_turn(self) -> RecentlyRead[Turn]:
        """Return the reader of turns that all AI agents share."""
        return RecentlyRead(Turn, self.sealer)

    @cached_property
    def rules(self) -> Rules:
        """Return what the tables go by."""
        return rules_of(self.settings)

    @cached_property
    def tagger(self) -> KeyedTagger:
        """Return what tags personal data."""
        return KeyedTagger(self.sealer.secret_of)

    @cached_property
    def letters(self) -> LetterRate:
        """Return the rate of dead letters."""
        return LetterRate(self.settings.dead_letter_limit, self.settings.dead_letter_span_seconds, time.monotonic)

    @cached_property
    def dropped(self) -> Counter[str]:
        """Return how many records were left out, by what they were."""
        return Counter()

    def drop(self, what: str) -> None:
        """Count a record that is left out because its conversation was erased."""
        self.dropped[what] += 1

    @cached_property
    def metrics(self) -> Metrics:
        """Return where is counted."""
        return PrometheusMetrics() if self.settings.metrics == "on" else QUIET

    @cached_property
    def buried(self) -> Callable[[str, str], None]:
        """Return who is told of each dead letter."""
        each = EachCounter(self.metrics, "dead_letters")

        def buried(stage: str, reason: str) -> None:
            self.letters.note(stage, reason)
            each[stage, reason]()

        return buried

    @cached_property
    def audit(self) -> AuditLog:
        """Return the audit log."""
        return AuditLog(self.settings, self.sealer)

    @cached_property
    def hurried(self) -> Analyst | None:
        """Return the analyst for turns that would be overdue, if there is one."""
        return self.analyst.in_a_hurry() if isinstance(self.analyst, Hurries) else None

    @cached_property
    def foresee(self) -> Callable[[Turn], None]:
        """Return whom to tell of each turn before it is sent: the analyst where AI agents run here, else nobody."""
        has_agents = len(self.settings.roles) > 1
        return self.analyst.foresee if has_agents and isinstance(self.analyst, Foresees) else lambda _turn: None

    @property
    def remote(self) -> AsksElsewhere | None:
        """Return the analyst when it is a remote one."""
        return self.analyst if isinstance(self.analyst, AsksElsewhere) else None

    def topic(self, spec: TopicSpec) -> str:
        """Return a topic's full name."""
        return topic_name(spec, self.settings)

    def stage(self, name: str, app: SignalApp) -> Stage:
        """Return what an agent of this name does around its step on ``app``."""
        return Stage(
            name=name,
            outbox=ProducerOutbox(app, self.sealer),
            dlq=self.topic(DLQ),
            attempts=self.settings.processing_attempts,
            clock=SystemClock(),
            still_ours=still_ours(app),
            buried=self.buried,
            **({"erased": self.encryption.note_erased} if self.encryption else {}),
        )
