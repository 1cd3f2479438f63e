from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.attempts import (
    FAIR_SECONDS,
    LEAST_SECONDS,
    Backoff,
    Retries,
    attempt_seconds,
    needed_seconds,
    says_nothing,
)
from signalstream.errors import (
    AnalystBadOutputError,
    AnalystError,
    AnalystNoBudgetError,
    AnalystOverdueError,
    AnalystRateLimitedError,
    AnalystRefusedError,
    AnalystRejectedError,
    AnalystSpentError,
    AnalystSuspendedError,
    AnalystUnavailableError,
)

RETRIED = st.one_of(
    st.just(AnalystUnavailableError("503")),
    st.floats(0, 100).map(lambda seconds: AnalystRateLimitedError("429", seconds)),
    st.just(AnalystBadOutputError("cut")),
)
FINAL: list[AnalystError] = [
    AnalystRefusedError("blocked"), AnalystRejectedError("key"), AnalystSuspendedError("open"),
    AnalystNoBudgetError("full", 3.0), AnalystSpentError("spent"), AnalystOverdueError("late"),
]  # fmt: skip


def retries(latest: float = 1e9, random: float = 0.5) -> Retries:
    return Retries(Backoff(), latest, lambda: random)


@pytest.mark.parametrize("error", FINAL, ids=lambda error: type(error).__name__)
def test_what_no_retry_can_change_is_not_retried(error: AnalystError) -> None:
    assert retries().after(error, 0.0) is None


def test_delays_double_up_to_the_longest() -> None:
    backoff = Backoff(first_seconds=0.5, longest_seconds=3.0, jitter_share=0.5)

    assert [backoff.delay(attempt, 0.0) for attempt in range(1, 6)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert backoff.delay(1, 1.0) == 0.75
    assert backoff.delay(10_000, 1.0) == 4.5


def test_an_answer_that_cannot_be_used_is_asked_for_once_more_and_at_once() -> None:
    deciding = retries()
    assert deciding.after(AnalystBadOutputError("cut"), 0.0) == 0.0
    assert deciding.after(AnalystBadOutputError("cut"), 0.0) is None


def test_attempts_end() -> None:
    deciding = retries()
    delays = [deciding.after(AnalystUnavailableError("503"), 0.0) for _ in range(4)]
    assert [delay is None for delay in delays] == [False, False, False, True]


@given(st.floats(0.001, 3600), st.floats(0, 1))
def test_the_service_is_left_alone_for_as_long_as_it_says_and_a_little_more(told: float, random: float) -> None:
    delay = retries(random=random).after(AnalystRateLimitedError("429", told), 0.0)

    assert delay is not None
    assert told <= delay <= told + max(0.25, 0.1 * told)


@given(st.lists(RETRIED, max_size=8), st.floats(0, 1), st.floats(0, 60))
def test_no_attempt_ever_begins_later_than_it_may(errors: list[AnalystError], random: float, latest: float) -> None:
    deciding, now = retries(latest, random), 0.0
    for error in errors:
        delay = deciding.after(error, now)
        if delay is None:
            break
        now += delay
        assert now <= latest


@given(st.floats(0.1, 300), st.floats(0, 600))
def test_an_attempt_ends_before_its_call_does(longest: float, left: float) -> None:
    seconds = attempt_seconds(longest, left)

    assert 0 <= seconds <= longest
    assert seconds < left or left == seconds == 0
    assert seconds == longest or seconds >= left - LEAST_SECONDS


@given(st.floats(0, 60), st.floats(0, 600))
def test_a_call_is_left_time_for_an_answer_but_never_all_of_its_time(typical: float, left: float) -> None:
    needed = needed_seconds(typical, left)

    assert needed >= LEAST_SECONDS
    assert needed <= max(LEAST_SECONDS, left / 2)
    assert needed >= min(typical, left / 2)


@pytest.mark.parametrize(
    ("given", "elapsed", "others_answered", "expected"),
    [
        (1.0, 1.0, False, True),
        (FAIR_SECONDS, FAIR_SECONDS, True, True),
        (FAIR_SECONDS, FAIR_SECONDS, False, False),
        (1.0, 0.01, False, False),  # refused at once
        (10.0, 10.0, True, False),  # had all the time that the settings give
    ],
)
def test_silence_for_want_of_time_says_nothing_about_the_service(
    given: float, elapsed: float, others_answered: bool, expected: bool
) -> None:
    assert says_nothing(10.0, given, elapsed, others_answered=others_answered) is expected
