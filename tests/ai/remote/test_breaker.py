from __future__ import annotations

import asyncio
from contextlib import nullcontext

import pytest
from structlog.testing import capture_logs

from signalstream.ai.remote.breaker import CircuitBreaker
from signalstream.core.outage import Breaker, OutageRule, State
from signalstream.errors import (
    AnalystBadOutputError,
    AnalystError,
    AnalystNoBudgetError,
    AnalystOverdueError,
    AnalystRateLimitedError,
    AnalystRefusedError,
    AnalystRejectedError,
    AnalystSuspendedError,
    AnalystUnavailableError,
)
from tests.virtual_time import in_virtual_time

RULE = OutageRule()
NO_OUTAGE: list[AnalystError] = [
    AnalystRateLimitedError("429", 1.0), AnalystRefusedError("blocked"), AnalystRejectedError("key"),
    AnalystBadOutputError("cut"),
]  # fmt: skip
OURS: list[AnalystError] = [AnalystNoBudgetError("full", 3.0), AnalystOverdueError("late")]


def circuit() -> CircuitBreaker:
    return CircuitBreaker(Breaker(RULE, lambda: 0.0, lambda: 4.0))


def tried(guard: CircuitBreaker, error: BaseException | None, says_nothing: bool = False) -> None:
    """Make one attempt that ends with ``error``, which is expected back."""
    expected = nullcontext() if error is None else pytest.raises(type(error))
    with expected, guard.attempt(lambda: says_nothing):
        if error is not None:
            raise error


def opened() -> CircuitBreaker:
    guard = circuit()
    for _ in range(RULE.least_attempts):
        tried(guard, AnalystUnavailableError("503"))
    assert guard.state == State.OPEN
    return guard


def test_an_outage_suspends_calls_and_says_for_how_long() -> None:
    async def main() -> None:
        guard = opened()
        with pytest.raises(AnalystSuspendedError, match=r"asked again in 5\.0 s"):
            guard.check()
        with pytest.raises(AnalystSuspendedError), guard.attempt(lambda: False):
            pytest.fail("an attempt passed an open breaker")

    in_virtual_time(main())


@pytest.mark.parametrize("error", NO_OUTAGE, ids=lambda error: type(error).__name__)
def test_a_server_that_answers_is_not_out_whatever_it_says(error: AnalystError) -> None:
    async def main() -> None:
        guard = circuit()
        for _ in range(5 * RULE.least_attempts):
            tried(guard, error)
        assert guard.state == State.CLOSED
        assert guard.answered_at == asyncio.get_running_loop().time()

        guard = opened()
        await asyncio.sleep(6.0)
        tried(guard, error)
        assert guard.state == State.CLOSED

    in_virtual_time(main())


@pytest.mark.parametrize(
    "error", [*OURS, asyncio.CancelledError(), ZeroDivisionError()], ids=lambda e: type(e).__name__
)
def test_what_the_server_has_not_said_neither_opens_nor_closes(error: BaseException) -> None:
    async def main() -> None:
        guard = circuit()
        for _ in range(5 * RULE.least_attempts):
            tried(guard, error)
        assert guard.state == State.CLOSED
        assert guard.answered_at == float("-inf")

        guard = opened()
        await asyncio.sleep(6.0)
        tried(guard, error)
        assert guard.state == State.HALF_OPEN
        guard.check()

    in_virtual_time(main())


def test_silence_that_says_nothing_is_no_outage() -> None:
    async def main() -> None:
        guard = circuit()
        for _ in range(5 * RULE.least_attempts):
            tried(guard, AnalystUnavailableError("timeout"), says_nothing=True)
        assert guard.state == State.CLOSED

    in_virtual_time(main())


def test_of_twenty_concurrent_calls_one_is_the_probe_and_its_answer_lets_all_pass_again() -> None:
    async def main() -> None:
        guard, passed, refused = opened(), [], []
        await asyncio.sleep(5.0)

        async def call(number: int) -> None:
            try:
                with guard.attempt(lambda: False):
                    passed.append(number)
                    await asyncio.sleep(3.0)
            except AnalystSuspendedError as error:
                refused.append(str(error))

        await asyncio.gather(*(call(number) for number in range(20)))
        assert (len(passed), len(refused)) == (1, 19)
        assert "probe" in refused[0]
        await asyncio.gather(*(call(number) for number in range(20)))
        assert len(passed) == 21

    in_virtual_time(main())


def test_opening_is_told_once_each_time_and_logged_with_its_end() -> None:
    async def main() -> None:
        guard, told = circuit(), []
        guard.opened.append(lambda: told.append(guard.state))
        with capture_logs() as logs:
            for _ in range(RULE.least_attempts):
                tried(guard, AnalystUnavailableError("503"))
            await asyncio.sleep(5.0)
            tried(guard, AnalystUnavailableError("503"))
            await asyncio.sleep(10.0)
            tried(guard, None)
        assert told == [State.OPEN, State.OPEN]
        assert [line["event"] for line in logs] == ["remote.outage", "remote.outage", "remote.outage_over"]

    in_virtual_time(main())
