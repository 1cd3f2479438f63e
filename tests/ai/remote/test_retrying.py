from __future__ import annotations

import asyncio

import pytest

from signalstream.ai.remote.retrying import retried
from signalstream.core.attempts import Backoff, Retries
from signalstream.errors import AnalystError, AnalystRateLimitedError, AnalystRefusedError, AnalystUnavailableError
from tests.virtual_time import in_virtual_time

BACKOFF = Backoff(attempts=4, first_seconds=1.0, longest_seconds=10.0, jitter_share=0.5)


class Attempts:
    """Fails with each error in turn, then succeeds; notes when it was made."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.made_at: list[float] = []

    async def __call__(self) -> str:
        self.made_at.append(asyncio.get_running_loop().time())
        if self.errors:
            raise self.errors.pop(0)
        return "answered"


def run(attempts: Attempts, latest: float = 1_000.0, random: float = 0.0) -> tuple[str, list[float]]:
    """Return the result or the error's words, and the delays before each attempt."""

    async def main() -> tuple[str, list[float]]:
        began = asyncio.get_running_loop().time()
        try:
            result = await retried(attempts, Retries(BACKOFF, began + latest, lambda: random))
        except AnalystError as error:
            result = str(error)
        assert asyncio.get_running_loop().time() <= began + latest
        return result, [round(at - began, 6) for at in attempts.made_at]

    return in_virtual_time(main())


def down(times: int) -> list[Exception]:
    return [AnalystUnavailableError(f"503, number {number}") for number in range(1, times + 1)]


def test_delays_double_until_it_succeeds() -> None:
    assert run(Attempts(*down(3))) == ("answered", [0.0, 1.0, 3.0, 7.0])


def test_jitter_comes_on_top() -> None:
    assert run(Attempts(*down(1)), random=1.0) == ("answered", [0.0, 1.5])


def test_the_last_error_is_raised_when_attempts_are_used_up() -> None:
    assert run(Attempts(*down(9))) == ("503, number 4", [0.0, 1.0, 3.0, 7.0])


def test_what_the_server_asks_for_is_waited_for_and_a_little_more() -> None:
    assert run(Attempts(AnalystRateLimitedError("429", 30.0))) == ("answered", [0.0, 30.0])
    assert run(Attempts(AnalystRateLimitedError("429", 30.0)), random=1.0) == ("answered", [0.0, 33.0])


def test_a_delay_past_the_latest_time_is_not_begun() -> None:
    assert run(Attempts(AnalystRateLimitedError("429, in a minute", 60.0)), latest=59.0) == ("429, in a minute", [0.0])
    assert run(Attempts(*down(9)), latest=3.5) == ("503, number 3", [0.0, 1.0, 3.0])


def test_what_no_retry_can_change_is_raised_at_once() -> None:
    assert run(Attempts(AnalystRefusedError("blocked"))) == ("blocked", [0.0])


def test_a_fault_of_our_own_is_no_reason_to_try_again() -> None:
    attempts = Attempts(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        run(attempts)
    assert len(attempts.made_at) == 1
