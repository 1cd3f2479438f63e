"""The AI agents: one line each, and their order is the order in which they are shown.

Everything else about an agent follows from its name: its role, its app and consumer group, its topic ``ai.<name>``,
the task that the analyst is asked for, and the field of the insight that shows its result.
"""

from __future__ import annotations

from collections.abc import Iterable

AI_AGENTS = (
    "sentiment",
    "pii",
    "insights",
    "summary",
    "language",
)

ADDRESSED = "for-agents"
"""Header of a turn that is sent again: the agents, separated by commas, that are to take it. Without it all do."""


def is_addressed(agent: str, headers: Iterable[tuple[str, bytes]]) -> bool:
    """Say whether a record with these headers is for ``agent``."""
    named = dict(headers).get(ADDRESSED)
    return named is None or agent in named.decode("utf-8", "replace").split(",")
