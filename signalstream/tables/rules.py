"""How rows come out, from the settings: the same for the worker that makes them and for a rebuild."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from signalstream.ai.local.pii import PatternDetector
from signalstream.core.conversation import Bounds
from signalstream.core.windows import WindowPolicy
from signalstream.settings import Settings


class Rules(NamedTuple):
    """What a conversation's row keeps, what a window is, and how a text is redacted before it is kept."""

    bounds: Bounds
    policy: WindowPolicy
    redact: Callable[[str], str]


def rules_of(settings: Settings) -> Rules:
    """Return the rules that the settings ask for."""
    bounds = Bounds(
        settings.kept_messages, settings.kept_characters, settings.context_messages, settings.context_characters
    )
    policy = WindowPolicy(
        settings.window_seconds,
        settings.window_grace_seconds,
        settings.window_retention_seconds,
        settings.windows_per_conversation,
    )
    return Rules(bounds, policy, PatternDetector().redact)
