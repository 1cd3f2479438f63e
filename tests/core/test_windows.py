from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from signalstream.core import windows
from signalstream.core.windows import MAX_SEQS, SKEW, WindowPolicy
from signalstream.models.base import EARLIEST, LATEST
from signalstream.models.intelligence import Analysis
from signalstream.models.windows import WindowState
from signalstream.streaming.values import MAX_VALUE_BYTES, decode, encode
from tests.core.analyses import BEGIN, analyses, analysis

POLICY = WindowPolicy(seconds=300, grace_seconds=60, retention_seconds=3_600, per_conversation=5)
MODERATE = settings(deadline=None, max_examples=100)
TIMES = st.datetimes(
    min_value=EARLIEST.replace(tzinfo=None), max_value=LATEST.replace(tzinfo=None) - timedelta(microseconds=1)
).map(lambda at: at.replace(tzinfo=UTC))


def added(made: list[Analysis], state: WindowState | None = None) -> WindowState:
    state = state or windows.opened(analysis(), BEGIN, POLICY)
    for one in made:
        state = windows.add(state, one)
    return state


@MODERATE
@given(TIMES, st.integers(1, 86_400))
@example(datetime(3059, 1, 1, 0, 0, 0, 999_997, UTC), 1)
def test_every_time_falls_in_exactly_one_window_that_can_be_shown(at, seconds):
    policy = WindowPolicy(seconds, 0, 60, 2)
    start = windows.window_start(at, policy)

    assert start % seconds == 0
    assert start <= at.replace(microsecond=0).timestamp() < start + seconds
    shown = windows.view(windows.opened(analysis(written_at=at, received_at=at), BEGIN, policy))
    assert shown.start <= at < shown.end
    assert shown.end - shown.start == timedelta(seconds=seconds)


def test_a_time_before_1970_falls_in_the_window_that_begins_before_it():
    assert windows.window_start(datetime(1969, 12, 31, 23, 59, 59, 500_000, UTC), POLICY) == -300


@MODERATE
@given(
    st.lists(analyses(), max_size=24).flatmap(lambda made: st.tuples(st.just(made), st.permutations(made + made[:9])))
)
def test_a_window_is_the_same_in_any_order_and_counts_each_turn_once(orders):
    one, other = (added(order) for order in orders)
    shown = windows.view(one)

    assert one.facts == other.facts
    assert shown == windows.view(other)
    assert shown.message_count == len({made.seq for made in orders[0]})
    assert shown.analyses == {
        agent: len({made.seq for made in orders[0] if made.agent == agent})
        for agent in sorted({made.agent for made in orders[0]})
    }


@MODERATE
@given(st.lists(analyses(), min_size=1, max_size=12), st.lists(analyses(), max_size=12))
def test_a_repeat_returns_the_very_same_window_open_or_closed(made, later):
    state = added(made)
    closed = added(later, windows.close(state, "event_time"))

    assert all(windows.add(state, one) is state for one in made)
    assert all(windows.add(closed, one) is closed for one in made + later)


@MODERATE
@given(st.lists(analyses(), max_size=12), st.lists(analyses(), max_size=12))
def test_what_comes_after_the_closing_is_counted_as_late_once_and_changes_nothing_else(made, later):
    closed = windows.close(added(made), "deadline")
    after = added(later + later, closed)
    known = {(one.agent, one.seq) for one in made}

    assert after.facts == closed.facts
    assert windows.view(after).late_count == len({one.seq for one in later if (one.agent, one.seq) not in known})


@MODERATE
@given(st.lists(analyses(), max_size=12), st.lists(analyses(), max_size=12))
def test_a_window_read_back_from_its_bytes_is_the_window(made, later):
    state = added(made)

    assert added(later, decode(WindowState, encode(state))).facts == added(later, state).facts


def test_a_window_shows_moods_scores_urgency_intents_and_kinds_of_personal_data():
    shown = windows.view(
        added(
            [
                analysis("sentiment", 1, variant=0),
                analysis("sentiment", 2, variant=2),
                analysis("insights", 1, variant=1),
                analysis("insights", 2, variant=3),
                analysis("pii", 1, variant=3),
                analysis("summary", 2, status="failed"),
            ]
        )
    )

    assert shown.sentiment == {"negative": 1, "positive": 1}
    assert shown.average_score == 0.0
    assert shown.highest_urgency == "Critical"
    assert shown.intents == {"Complaint": 1, "Refund Request": 1}
    assert shown.pii_types == {"phone": 2, "email": 1}
    assert shown.failed == {"summary": 1}


def test_a_window_closes_when_event_time_passes_its_end_and_grace():
    state = windows.opened(analysis(), BEGIN, POLICY)
    passed = datetime.fromtimestamp(state.end + POLICY.grace_seconds, UTC)

    assert windows.due(state, passed - timedelta(milliseconds=1), BEGIN, POLICY) is None
    assert windows.due(state, passed, BEGIN, POLICY) == "event_time"


def test_a_window_closes_at_its_deadline_when_no_message_moves_event_time():
    state = windows.opened(analysis(), BEGIN, POLICY)
    deadline = BEGIN + timedelta(seconds=360)

    assert windows.due(state, None, deadline - timedelta(milliseconds=1), POLICY) is None
    assert windows.due(state, None, deadline, POLICY) == "deadline"
    assert windows.due(windows.close(state, "deadline"), None, deadline, POLICY) is None


def test_a_closed_window_stays_as_it_was_closed():
    closed = windows.close(windows.opened(analysis(), BEGIN, POLICY), "event_time")

    assert windows.close(closed, "deadline") is closed


def test_a_window_expires_after_its_deadline_and_the_retention():
    state = windows.opened(analysis(), BEGIN, POLICY)
    end = BEGIN + timedelta(seconds=360 + 3_600)

    assert not windows.expired(state, end - timedelta(milliseconds=1))
    assert windows.expired(state, end)


@pytest.mark.parametrize("years_ahead", [1, 7_000])
def test_a_clock_that_runs_ahead_does_not_move_event_time_and_its_message_falls_within_the_skew(years_ahead):
    ahead = analysis(written_at=BEGIN.replace(year=BEGIN.year + years_ahead), received_at=BEGIN)

    assert windows.event_time(ahead) == BEGIN
    assert windows.start_of(ahead, POLICY) == windows.window_start(BEGIN + SKEW, POLICY)


def test_a_clock_that_runs_behind_is_believed():
    behind = analysis(written_at=BEGIN - timedelta(days=900), received_at=BEGIN)

    assert windows.event_time(behind) == BEGIN - timedelta(days=900)


@MODERATE
@given(st.lists(st.integers(-5_000, 5_000).map(lambda number: number * 300), max_size=30))
def test_a_conversation_keeps_its_newest_windows_up_to_the_bound(starts):
    kept, dropped = windows.kept_starts(starts, POLICY)

    assert len(kept) <= POLICY.per_conversation
    assert sorted({*kept, *dropped}) == list(dropped + kept)
    assert not kept or not dropped or max(dropped) < min(kept)


def test_a_window_with_more_turns_than_it_holds_says_so_and_stays_small():
    state = added([analysis(agent, seq, variant=3) for seq in range(1, MAX_SEQS + 3) for agent in ("sentiment", "pii")])

    assert state.truncated
    assert windows.view(state).message_count == MAX_SEQS
    assert len(encode(state)) < MAX_VALUE_BYTES / 3


def test_a_message_full_of_personal_data_adds_one_count_for_each_kind():
    entities = [{"type": "account_number"}] * 1_400 + [{"type": "email"}]
    crowded = analysis("pii").model_copy(update={"result": {"entities": entities}})

    assert added([crowded]).facts["pii"][1].pii_types == {"account_number": 1_400, "email": 1}
