"""How rows come out, from the settings: the same for the worker that makes them and for a rebuild."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from signalstream.ai.local.pii_finder import PersonalDataFinder
from signalstream.ai.local.pii_policy import load_policies
from signalstream.core.conversation import Bounds, Find
from signalstream.core.windows import WindowPolicy
from signalstream.settings import Settings
from signalstream.topics import keep_marks


class Rules(NamedTuple):
    """What a conversation's row keeps, what a window is, and how personal data in a text is found before it is kept.

    ``keep_marks`` is how long an erasure is remembered.
    """

    bounds: Bounds
    policy: WindowPolicy
    find: Find
    keep_marks: timedelta


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
    return Rules(
        bounds, policy, PersonalDataFinder(load_policies(settings.pii_policy_file)).by_patterns, keep_marks(settings)
    )
