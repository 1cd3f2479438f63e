"""What has been kept for as long as its tenant wants it kept: conversations, windows, dead letters.

A conversation goes as a whole, messages and insight together, with the shorter of their two retentions: its age is that
of its newest message. A window's age counts from the deadline by which it was closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from signalstream.models.conversation import ConversationState
from signalstream.models.policy import TenantPolicy
from signalstream.models.windows import WindowState

Class = Literal["conversations", "windows", "dead letters"]


class Kept(NamedTuple):
    """How long a tenant's things are kept; None: as long as the deployment keeps them."""

    conversations: timedelta | None
    windows: timedelta | None
    dead_letters: timedelta | None


def kept_of(policy: TenantPolicy) -> Kept:
    """Return what a policy comes to."""
    either = [_days(days) for days in (policy.retention_messages_days, policy.retention_insights_days)]
    conversations = min((each for each in either if each is not None), default=None)
    return Kept(conversations, _days(policy.retention_windows_days), _days(policy.retention_dead_letters_days))


def is_conversation_due(state: ConversationState, kept: Kept, now: datetime) -> bool:
    """Say whether a conversation has been silent for its retention."""
    return kept.conversations is not None and state.last_message_at <= now - kept.conversations


def is_window_due(window: WindowState, kept: Kept, now: datetime) -> bool:
    """Say whether a closed window has been kept for its retention."""
    return kept.windows is not None and window.status == "closed" and window.deadline <= now - kept.windows


def is_letter_due(failed_at: datetime, kept: Kept, now: datetime) -> bool:
    """Say whether a dead letter has been kept for its retention."""
    return kept.dead_letters is not None and failed_at <= now - kept.dead_letters


@dataclass(frozen=True)
class Due:
    """Something that is to go: whose, of which class, and since when it has been there."""

    tenant: str
    of: Class
    since: datetime


class Total(NamedTuple):
    """How many of a tenant's class are to go, and of when the oldest is."""

    tenant: str
    of: Class
    rows: int
    oldest: datetime


def totals(due: Iterable[Due]) -> list[Total]:
    """Return the sums for each tenant and class."""
    found: dict[tuple[str, Class], Total] = {}
    for each in due:
        known = found.get((each.tenant, each.of), Total(each.tenant, each.of, 0, each.since))
        found[each.tenant, each.of] = known._replace(rows=known.rows + 1, oldest=min(known.oldest, each.since))
    return [found[place] for place in sorted(found)]


def _days(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)
