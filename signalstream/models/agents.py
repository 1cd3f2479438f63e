"""The AI agents: one line each, and their order is the order in which they are shown.

Everything else about an agent follows from its name: its role, its app and consumer group, its topic ``ai.<name>``,
the task that the analyst is asked for, and the field of the insight that shows its result.
"""

from __future__ import annotations

AI_AGENTS = (
    "sentiment",
    "pii",
    "insights",
    "summary",
    "language",
)
