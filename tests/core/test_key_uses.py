from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.key_uses import KeyUses

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SPAN = timedelta(hours=1)


def test_a_first_use_is_told_at_once_and_the_next_ones_together_after_a_span():
    uses = KeyUses(SPAN)
    uses.note("k-1", "acme", NOW)
    (first,) = uses.due(NOW)
    uses.told(first, NOW)
    for minute in range(1, 60):
        uses.note("k-1", "acme", NOW + timedelta(minutes=minute))
        assert uses.due(NOW + timedelta(minutes=minute)) == []

    (second,) = uses.due(NOW + SPAN)

    assert (first.count, second.count) == (1, 59)
    event = second.event()
    assert (event.action, event.tenant, event.actor, event.subject) == ("key.used", "acme", "k-1", "k-1")
    assert event.detail == {"requests": 59, "from": "2026-01-31T12:01:00+00:00", "to": "2026-01-31T12:59:00+00:00"}


def test_what_could_not_be_told_is_due_again_with_what_came_meanwhile():
    uses = KeyUses(SPAN)
    uses.note("k-1", "acme", NOW)
    assert uses.due(NOW)
    uses.note("k-1", "acme", NOW)

    assert [use.count for use in uses.due(NOW)] == [2]


def test_a_process_that_ends_tells_what_waits_for_its_span():
    uses = KeyUses(SPAN)
    uses.note("k-1", "acme", NOW)
    uses.told(uses.due(NOW)[0], NOW)
    uses.note("k-1", "acme", NOW)

    assert uses.due(NOW) == []
    assert [use.count for use in uses.due(NOW, ending=True)] == [1]


@given(st.lists(st.tuples(st.sampled_from(["note", "tell"]), st.sampled_from(["a", "b"]), st.integers(0, 90))))
def test_every_request_is_told_once_and_no_key_twice_in_a_span(steps):
    uses, now, noted, told = KeyUses(SPAN), NOW, 0, list[tuple[str, datetime, int]]()
    for what, key, minutes in steps:
        now += timedelta(minutes=minutes)
        if what == "note":
            uses.note(key, "acme", now)
            noted += 1
        else:
            for use in uses.due(now):
                uses.note(use.key_id, "acme", now)  # while the broker is asked
                noted += 1
                uses.told(use, now)
                told.append((use.key_id, now, use.count))

    assert sum(count for _, _, count in told) + sum(use.count for use in uses.due(now, ending=True)) == noted
    for key in "ab":
        times = [at for name, at, _ in told if name == key]
        assert all(later - earlier >= SPAN for earlier, later in pairwise(times))
