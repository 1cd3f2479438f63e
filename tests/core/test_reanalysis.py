from __future__ import annotations

from datetime import timedelta

import pytest

from signalstream.core.reanalysis import Degraded, Wanted
from signalstream.models.conversation import Turn
from tests.core.analyses import BEGIN, analysis, message


def turn(seq: int) -> Turn:
    return Turn(message=message(seq), seq=seq, message_count=seq)


def collected(*analyses, wanted: Wanted = Wanted()) -> Degraded:  # noqa: B008 - frozen
    degraded = Degraded(wanted)
    degraded.add(analyses)
    return degraded


def test_a_turn_goes_again_to_the_agents_whose_analyses_are_degraded_and_only_once():
    degraded = collected(
        analysis("summary", 1, "degraded"), analysis("pii", 1, "degraded"), analysis("sentiment", 1), analysis("pii", 2)
    )

    assert len(degraded) == 1
    assert [degraded.take(turn(seq)) for seq in (2, 1, 1)] == [(), ("pii", "summary"), ()]


def test_what_has_become_better_since_is_left_alone():
    degraded = collected(
        analysis("pii", 1, "degraded"), analysis("summary", 2, "degraded"), analysis("pii", 1), analysis("summary", 1)
    )

    assert [degraded.take(turn(seq)) for seq in (1, 2)] == [(), ("summary",)]


def test_what_failed_or_was_skipped_is_none_of_its_business():
    assert len(collected(analysis("pii", 1, "failed"), analysis("summary", 1, "skipped"))) == 0


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(agents=frozenset({"pii"})), 1),
        (Wanted(agents=frozenset({"summary"})), 0),
        (Wanted(tenant="acme"), 1),
        (Wanted(tenant="globex"), 0),
        (Wanted(since=BEGIN), 1),
        (Wanted(since=BEGIN + timedelta(hours=1)), 0),
        (Wanted(until=BEGIN + timedelta(hours=1)), 1),
        (Wanted(until=BEGIN), 0),
    ],
)
def test_only_what_fits_is_taken(wanted, count):
    assert len(collected(analysis("pii", 1, "degraded"), wanted=wanted)) == count
