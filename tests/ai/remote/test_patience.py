from __future__ import annotations

import asyncio

import pytest

from signalstream.ai.remote.patience import FAILURES, QUIET_SECONDS, SILENT, Patience
from tests.virtual_time import in_virtual_time


async def waited(patience: Patience, for_seconds: float = 1e6) -> float:
    came = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):
        async with patience.limit(came):
            await asyncio.sleep(for_seconds)
    return asyncio.get_running_loop().time() - came


def failed(patience: Patience, times: int = FAILURES) -> None:
    for _ in range(times):
        patience.note(answered=False)


def test_a_turn_waits_long_while_the_model_answers():
    async def law() -> None:
        patience = Patience(12, 4)
        failed(patience, FAILURES - 1)
        patience.note(answered=True)
        failed(patience, FAILURES - 1)
        assert await waited(patience) == pytest.approx(12)

    in_virtual_time(law())


def test_a_turn_waits_a_short_time_once_nothing_has_been_answered_and_long_again_after_an_answer():
    async def law() -> None:
        patience = Patience(12, 4)
        failed(patience)
        assert await waited(patience) == pytest.approx(4)
        patience.note(answered=True)
        assert await waited(patience) == pytest.approx(12)

    in_virtual_time(law())


def test_those_who_wait_already_wait_no_longer_than_the_short_limit_either():
    async def law() -> None:
        patience = Patience(12, 4)
        early, late = asyncio.create_task(waited(patience)), asyncio.create_task(_after(2, patience))
        await asyncio.sleep(5)
        failed(patience)
        assert await early == pytest.approx(5)  # at once: it has waited longer than the short limit
        assert await late == pytest.approx(4)

    in_virtual_time(law())


def test_a_few_failures_between_answers_are_no_alarm_however_they_fall():
    async def law() -> None:
        patience = Patience(12, 4)
        patience.note(answered=True)
        turn = asyncio.create_task(waited(patience))
        await asyncio.sleep(QUIET_SECONDS * 0.9)
        failed(patience, 2 * FAILURES)
        assert patience.seconds == 12
        patience.note(answered=True)
        await asyncio.sleep(QUIET_SECONDS)
        failed(patience, FAILURES)
        assert patience.seconds == 4
        patience.note(answered=True)  # those who wait are given their time back
        assert await turn == pytest.approx(12)

    in_virtual_time(law())


def test_an_alarm_in_the_very_moment_in_which_a_turn_is_given_up_is_no_fault():
    async def law() -> None:
        patience, loop = Patience(12, 4), asyncio.get_running_loop()
        faults: list[object] = []
        loop.set_exception_handler(lambda _, context: faults.append(context))
        ends = loop.time() + 12
        turn = asyncio.create_task(waited(patience))
        await asyncio.sleep(0)
        loop.call_at(ends, lambda: failed(patience))  # after its time was up, before it could go
        assert await turn == pytest.approx(12)
        assert (patience.seconds, faults) == (4, [])

    in_virtual_time(law())


def test_what_ends_in_time_is_let_alone():
    async def law() -> None:
        patience = Patience(12, 4)
        async with patience.limit(asyncio.get_running_loop().time()):
            await asyncio.sleep(1)
        failed(patience)
        await asyncio.sleep(100)  # a task that is cancelled learns of it where it waits
        current = asyncio.current_task()
        assert current is not None
        assert not current.cancelling()

    in_virtual_time(law())


async def _after(seconds: float, patience: Patience) -> float:
    await asyncio.sleep(seconds)
    return await waited(patience)


def test_silence_is_seen_before_any_attempt_has_run_out_of_time():
    async def law() -> None:
        patience = Patience(12, 4)
        turns = [asyncio.create_task(waited(patience)) for _ in range(3)]
        await asyncio.sleep(0)
        for _ in range(SILENT):
            patience.began()
        assert await asyncio.gather(*turns) == [pytest.approx(4)] * 3

    in_virtual_time(law())


@pytest.mark.parametrize(("hanging", "answered_after"), [(SILENT, 1.0), (SILENT - 1, None)])
def test_a_few_slow_answers_or_an_answer_to_anything_are_no_silence(hanging, answered_after):
    async def law() -> None:
        patience = Patience(12, 4)
        for _ in range(hanging):
            patience.began()
        await asyncio.sleep(0.1)
        over = patience.began() if answered_after else None
        turn = asyncio.create_task(waited(patience))
        if over is not None and answered_after is not None:
            await asyncio.sleep(answered_after)
            over(True)
            patience.note(answered=True)
        assert await turn == pytest.approx(12)

    in_virtual_time(law())


def test_answers_to_what_was_asked_before_the_model_went_away_do_not_hide_its_silence():
    async def law() -> None:
        patience = Patience(12, 4)
        overs = [patience.began() for _ in range(3)]
        await asyncio.sleep(0.1)
        turn = asyncio.create_task(waited(patience))
        for _ in range(SILENT):
            patience.began()
        for over in overs:
            await asyncio.sleep(1)
            over(True)
            patience.note(answered=True)
        assert await turn == pytest.approx(4)

    in_virtual_time(law())
