"""An idle process sends at once; the busier it is, the longer requests wait for company."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.streaming.load import LONGEST_SECONDS, PACES, SAMPLE_SECONDS, Load, pace_at


@dataclass
class Thread:
    """A thread that has computed for some of the time that went by."""

    now: float = 100.0
    computed: float = 5.0

    def passes(self, seconds: float, share: float) -> None:
        self.now += seconds
        self.computed += seconds * share

    def load(self) -> Load:
        return Load(lambda: self.computed, lambda: self.now)


def _pace_after(*shares: float) -> float:
    thread = Thread()
    load = thread.load()
    load.pace()
    for share in shares:
        thread.passes(SAMPLE_SECONDS, share)
        load.pace()
    return load.pace()


def test_nothing_waits_before_anything_is_known() -> None:
    assert Thread().load().pace() == 0.0


def test_a_half_idle_process_waits_for_nothing() -> None:
    assert _pace_after(*[0.5] * 20) == 0.0


def test_between_half_idle_and_full_the_distance_stays_the_same() -> None:
    assert _pace_after(*[0.65] * 20) == pytest.approx(_pace_after(*[0.75] * 20)) == pytest.approx(0.012)


@pytest.mark.parametrize(("share", "seconds"), PACES)
def test_each_named_share_has_its_distance(share: float, seconds: float) -> None:
    assert pace_at(share) == pytest.approx(seconds)


def test_a_busy_one_waits_longest_and_no_longer() -> None:
    assert _pace_after(*[1.0] * 20) == pytest.approx(LONGEST_SECONDS)


def test_one_busy_moment_is_no_load() -> None:
    assert _pace_after(1.0) == 0.0


def test_after_a_burst_it_is_idle_again_within_a_second() -> None:
    assert _pace_after(*[1.0] * 50, *[0.1] * 9) == 0.0


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_busier_the_longer(one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert _pace_after(*[less] * 20) <= _pace_after(*[more] * 20) <= LONGEST_SECONDS
