"""Tells the budget this worker's share of the partitions, with every rebalance."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

import structlog

from signalstream.core.budget import Share

log = structlog.get_logger()


class Rebalanced(Protocol):
    """What is needed of a Faust app: its consumer's ``assignment()``, and a call once a rebalance is over."""

    consumer: Any
    recovered_callbacks: list[Callable[[], None]]


def follow_partitions(
    share: Share,
    apps: Sequence[Rebalanced],
    *,
    topic: str,
    partitions: int,
    agents: int,
    changed: Callable[[], None],
) -> None:
    """Keep ``share`` what the ``apps`` of this process have of ``topic``, and call ``changed`` after each rebalance.

    ``agents`` is how many AI agents ask the remote model in the whole deployment, each in a consumer group of its own:
    all there is to share is ``partitions`` for each of them. ``apps`` are those of them that run here. Until the first
    rebalance nobody knows the share; a process without such apps has none to follow and is not told one.
    """

    def tell() -> None:
        assigned = sum(_assigned(app.consumer.assignment(), topic) for app in apps)
        share.tell(assigned, partitions * agents)
        log.info("remote.share", assigned=assigned, partitions=partitions * agents)
        changed()

    for app in apps:
        app.recovered_callbacks.append(tell)


def _assigned(assignment: Collection[Any], topic: str) -> int:
    return sum(1 for tp in assignment if tp.topic == topic)
