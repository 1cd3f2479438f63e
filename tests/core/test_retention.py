from __future__ import annotations

from datetime import timedelta

import pytest

from signalstream.core import windows
from signalstream.core.retention import (
    Due,
    Kept,
    Total,
    is_conversation_due,
    is_letter_due,
    is_window_due,
    kept_of,
    totals,
)
from signalstream.core.windows import WindowPolicy
from signalstream.models.conversation import ConversationState
from signalstream.models.messages import Channel
from signalstream.models.policy import TenantPolicy
from tests.core.analyses import BEGIN, analysis

WEEK = timedelta(days=7)
STATE = ConversationState(
    tenant_id="acme", conversation_id="c-1", channel=Channel.CHAT, first_message_at=BEGIN, last_message_at=BEGIN
)
POLICY = WindowPolicy(seconds=10, grace_seconds=5, retention_seconds=1_000_000, per_conversation=5)


def policy(**days: int) -> TenantPolicy:
    return TenantPolicy(tenant_id="acme", **{f"retention_{name}_days": value for name, value in days.items()})


@pytest.mark.parametrize(
    ("days", "kept"),
    [
        ({}, None),
        ({"messages": 30}, 30),
        ({"insights": 90}, 90),
        ({"messages": 30, "insights": 7}, 7),
        ({"messages": 7, "insights": 90}, 7),
    ],
)
def test_a_conversation_is_kept_for_the_shorter_of_what_is_said_of_its_messages_and_its_insight(days, kept):
    assert kept_of(policy(**days)).conversations == (None if kept is None else timedelta(days=kept))


@pytest.mark.parametrize(("later", "due"), [(WEEK - timedelta(seconds=1), False), (WEEK, True)])
def test_a_conversation_a_window_and_a_letter_are_due_when_they_are_as_old_as_their_retention(later, due):
    kept = Kept(WEEK, WEEK, WEEK)
    window = windows.close(windows.opened(analysis(), BEGIN, POLICY), "deadline")

    assert is_conversation_due(STATE, kept, BEGIN + later) is due
    assert is_window_due(window, kept, window.deadline + later) is due
    assert is_letter_due(BEGIN, kept, BEGIN + later) is due


def test_what_nobody_decided_on_is_never_due_and_neither_is_an_open_window():
    late, nothing = BEGIN + 1_000 * WEEK, Kept(None, None, None)
    window = windows.opened(analysis(), BEGIN, POLICY)

    assert not is_conversation_due(STATE, nothing, late)
    assert not is_window_due(windows.close(window, "deadline"), nothing, late)
    assert not is_window_due(window, Kept(WEEK, WEEK, WEEK), late)
    assert not is_letter_due(BEGIN, nothing, late)


def test_a_window_expires_by_its_tenants_retention_once_it_is_closed_and_never_later_than_by_the_deployments():
    window = windows.opened(analysis(), BEGIN, POLICY)
    closed = windows.close(window, "deadline")
    week = int(WEEK.total_seconds())

    assert windows.expired(closed, closed.deadline + WEEK, week)
    assert not windows.expired(closed, closed.deadline + WEEK - timedelta(seconds=1), week)
    assert not windows.expired(window, window.deadline + WEEK, week)
    assert windows.expired(closed, closed.expires_at, week * 1_000)


def test_sums_are_for_each_tenant_and_class_with_the_oldest():
    hour = timedelta(hours=1)
    due = [
        Due("globex", "windows", BEGIN),
        Due("acme", "conversations", BEGIN),
        Due("acme", "conversations", BEGIN - hour),
    ]

    assert totals(due) == [Total("acme", "conversations", 2, BEGIN - hour), Total("globex", "windows", 1, BEGIN)]
