from __future__ import annotations

from datetime import UTC, datetime, timedelta

from signalstream.core.tenant_keys import LONGEST_USE, MOST_SEALS, is_worn

MADE = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_key_is_followed_after_a_month_or_after_its_share_of_values_and_not_before():
    almost = MADE + LONGEST_USE - timedelta(seconds=1)

    assert not is_worn(MADE, almost, MOST_SEALS - 1)
    assert is_worn(MADE, MADE + LONGEST_USE, 0)
    assert is_worn(MADE, MADE, MOST_SEALS)


def test_thirty_two_processes_stay_within_what_a_key_may_seal():
    assert 32 * MOST_SEALS <= 2**32


def test_a_clock_that_is_behind_the_maker_of_a_key_renews_nothing():
    assert not is_worn(MADE, MADE - timedelta(days=400), 0)
