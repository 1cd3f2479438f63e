from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.core.outage import Breaker, OutageRule, Permit, State, Verdict

RULE = OutageRule()


def breaker(random: float = 0.0) -> Breaker:
    return Breaker(RULE, lambda: random, lambda: 4.0)


def ended(watched: Breaker, verdict: Verdict, now: float) -> bool:
    permit = watched.enter(now)
    assert permit is not None
    return watched.leave(permit, verdict, now)


def opened(random: float = 0.0, now: float = 0.0) -> Breaker:
    watched = breaker(random)
    for _ in range(RULE.least_attempts):
        ended(watched, Verdict.FAILED, now)
    assert watched.state(now) == State.OPEN
    return watched


def test_a_few_failures_are_no_outage_and_half_of_many_are_one() -> None:
    watched = breaker()
    for _ in range(RULE.least_attempts - 1):
        assert not ended(watched, Verdict.FAILED, 0.0)
    assert watched.state(0.0) == State.CLOSED

    assert ended(watched, Verdict.FAILED, 0.0)
    assert watched.state(0.0) == State.OPEN
    assert watched.enter(0.0) is None


def test_fewer_failures_than_the_share_are_no_outage() -> None:
    watched = breaker()
    for number in range(200):
        ended(watched, Verdict.FAILED if number % 5 == 0 else Verdict.ANSWERED, number * 0.01)
    assert watched.state(2.0) == State.CLOSED


def test_failures_of_long_ago_do_not_count() -> None:
    watched = breaker()
    for number in range(100):
        verdict = Verdict.ANSWERED if number % 5 == 0 else Verdict.FAILED
        ended(watched, verdict, number * (RULE.window_seconds / (RULE.least_attempts - 2)))
    assert watched.state(1e3) == State.CLOSED


def test_failures_that_fell_out_of_the_window_do_not_add_to_those_within() -> None:
    watched = breaker()
    for _ in range(RULE.least_attempts - 1):
        ended(watched, Verdict.FAILED, 0.0)
    for number in range(18):
        ended(watched, Verdict.FAILED if number % 3 == 2 else Verdict.ANSWERED, RULE.window_seconds + 1.0)
    assert watched.state(RULE.window_seconds + 1.0) == State.CLOSED


def test_what_is_under_way_may_yet_be_answered_so_quick_failures_after_a_rest_are_no_outage() -> None:
    watched = breaker()
    slow = [watched.enter(0.01 * number) for number in range(80)]
    for number in range(20):
        ended(watched, Verdict.FAILED, 0.01 * number)
    assert watched.state(1.0) == State.CLOSED

    for permit in slow:
        assert permit is not None
        watched.leave(permit, Verdict.ANSWERED, 3.0)
    assert watched.state(3.0) == State.CLOSED


def test_silence_among_failures_is_an_outage_however_much_is_under_way() -> None:
    watched = breaker()
    for _ in range(200):
        watched.enter(0.0)
    for number in range(RULE.least_attempts - 1):
        assert not ended(watched, Verdict.FAILED, RULE.silent_seconds + number * 0.01)
    assert ended(watched, Verdict.FAILED, RULE.silent_seconds + 1.0)


def test_an_answer_ends_the_silence() -> None:
    watched = breaker()
    for _ in range(200):
        watched.enter(0.0)
    ended(watched, Verdict.ANSWERED, 4.0)
    for _ in range(2 * RULE.least_attempts):
        ended(watched, Verdict.FAILED, 4.0 + RULE.silent_seconds - 0.1)
    assert watched.state(9.0) == State.CLOSED


def test_calls_that_hang_are_an_outage_before_their_time_is_up() -> None:
    watched = breaker()
    for number in range(RULE.least_hanging):
        watched.enter(0.1 * number)
    assert not watched.notice(5.0), "answers take four seconds, and a quarter of that is no long time to be late"
    assert watched.notice(5.5)
    assert watched.state(5.5) == State.OPEN
    assert not watched.notice(5.6), "it is open already"


def test_a_few_calls_that_hang_are_no_outage_nor_are_many_while_others_are_answered() -> None:
    watched = breaker()
    for _ in range(RULE.least_hanging - 1):
        watched.enter(0.0)
    assert not watched.notice(100.0)
    watched.enter(0.0)
    ended(watched, Verdict.ANSWERED, 99.0)
    assert not watched.notice(100.0)


def test_an_unknown_end_does_not_count() -> None:
    watched = breaker()
    for _ in range(100):
        ended(watched, Verdict.UNKNOWN, 0.0)
    for _ in range(RULE.least_attempts - 1):
        ended(watched, Verdict.FAILED, 0.0)
    assert watched.state(0.0) == State.CLOSED


def test_of_twenty_at_once_exactly_one_passes_when_half_open() -> None:
    watched = opened()

    passed = [permit for permit in (watched.enter(5.0) for _ in range(20)) if permit]
    assert passed == [Permit(1, probe=True, at=5.0)]


def test_an_answered_probe_closes_and_a_failed_one_opens_for_longer() -> None:
    watched = opened()
    assert ended(watched, Verdict.FAILED, 5.0)
    assert watched.seconds_left(5.0) == 10.0
    assert watched.refuses(14.9)

    assert not ended(watched, Verdict.ANSWERED, 15.0)
    assert watched.state(15.0) == State.CLOSED
    assert watched.seconds_left(15.0) == 0.0


def test_a_probe_that_is_broken_off_gives_its_place_to_the_next() -> None:
    watched = opened()
    assert not ended(watched, Verdict.UNKNOWN, 5.0)
    assert watched.state(5.0) == State.HALF_OPEN
    assert watched.enter(5.0) == Permit(1, probe=True, at=5.0)


def test_what_began_before_the_outage_was_seen_says_nothing_of_the_probe() -> None:
    watched = breaker()
    early = [watched.enter(0.0) for _ in range(3)]
    for _ in range(RULE.least_attempts):
        ended(watched, Verdict.FAILED, 0.0)
    for permit in early:
        assert permit is not None
        assert not watched.leave(permit, Verdict.ANSWERED, 1.0)
    assert watched.state(1.0) == State.OPEN


@settings(deadline=None, max_examples=200)
@given(st.floats(0, 1), st.integers(0, 30))
def test_the_next_probe_is_never_further_off_than_half_a_minute(random: float, failed_probes: int) -> None:
    watched, now = opened(random), 0.0
    for _ in range(failed_probes):
        now += watched.seconds_left(now)
        ended(watched, Verdict.FAILED, now)

    assert 5.0 <= watched.seconds_left(now) <= 30.0


STEPS = st.lists(
    st.tuples(st.sampled_from(["enter", "leave", "leave"]), st.sampled_from(list(Verdict)), st.floats(0, 12)),
    max_size=200,
)


@settings(deadline=None, max_examples=300)
@given(STEPS)
def test_whatever_happens_one_probe_is_under_way_at_most_and_none_passes_while_open(
    steps: list[tuple[str, Verdict, float]],
) -> None:
    watched = Breaker(OutageRule(least_attempts=2), lambda: 0.5, lambda: 4.0)
    under_way: list[Permit] = []
    now = 0.0
    for step, verdict, seconds in steps:
        now += seconds
        before = watched.state(now)
        if step == "enter" and (permit := watched.enter(now)) is not None:
            assert before != State.OPEN
            assert permit.probe == (before == State.HALF_OPEN)
            under_way.append(permit)
        elif step == "leave" and under_way:
            watched.leave(under_way.pop(0), verdict, now)
        latest = max((permit.era for permit in under_way), default=0)
        assert sum(permit.probe for permit in under_way if permit.era == latest) <= 1
