from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from signalstream.ai.remote.budget import follow_partitions
from signalstream.core.budget import Budget, Share

TURNS = "support.conversations.state"


class TP(NamedTuple):
    topic: str
    partition: int


@dataclass
class FakeConsumer:
    assigned: set[TP] = field(default_factory=set)

    def assignment(self) -> set[TP]:
        return self.assigned


@dataclass
class FakeApp:
    """A Faust app, as far as its share of partitions goes."""

    consumer: Any = field(default_factory=FakeConsumer)
    recovered_callbacks: list[Any] = field(default_factory=list)

    def rebalanced(self, *partitions: int) -> None:
        self.consumer.assigned = {TP(TURNS, partition) for partition in partitions} | {TP("another", 7)}
        for callback in self.recovered_callbacks:
            callback()


def followed(apps: list[FakeApp]) -> tuple[Share, list[float]]:
    share, told = Share(), []
    follow_partitions(
        share, apps, topic=TURNS, partitions=8, agents=4, changed=lambda: told.append(Budget(1_000, share).requests(0))
    )
    return share, told


def test_until_the_first_rebalance_no_share_is_known() -> None:
    share, told = followed([FakeApp()])
    assert (share.assigned, told) == (None, [])


def test_the_share_counts_the_partitions_of_every_agent_that_runs_here() -> None:
    sentiment, pii = FakeApp(), FakeApp()
    share, told = followed([sentiment, pii])
    sentiment.rebalanced(0, 1, 2, 3)
    pii.rebalanced(4, 5, 6, 7)

    assert (share.assigned, share.total) == (8, 32)
    assert told == [1_000 * 0.9 * 4 / 32, 1_000 * 0.9 * 8 / 32]


def test_a_worker_that_loses_its_partitions_has_no_budget() -> None:
    app = FakeApp()
    _, told = followed([app])
    app.rebalanced(0, 1)
    app.rebalanced()

    assert told[-1] == 0.0
