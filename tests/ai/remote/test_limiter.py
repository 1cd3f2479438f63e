from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.remote.limiter import LONGEST_PAUSE_SECONDS, Limiter
from signalstream.core.pace import Pace
from signalstream.errors import AnalystNoBudgetError
from tests.virtual_time import in_virtual_time


def now() -> float:
    return asyncio.get_running_loop().time()


def limiter(budget: float = 60.0) -> Limiter:
    return Limiter(Pace(budget))


async def sent_at(limited: Limiter, patience: float = 1e6) -> float | None:
    """Take a token; return when, or None when it was refused."""
    try:
        await limited.take(now() + patience)
    except AnalystNoBudgetError:
        return None
    return now()


def test_an_idle_limiter_gives_a_token_without_waiting() -> None:
    async def main() -> None:
        limited = limiter()
        assert limited.wait_seconds() == 0.0
        coroutine = limited.take(now())
        with pytest.raises(StopIteration):  # it ended without giving the loop a turn
            coroutine.send(None)

    in_virtual_time(main())


def test_who_comes_first_goes_first() -> None:
    async def main() -> None:
        limited, order = limiter(), []

        async def one(number: int) -> None:
            await limited.take(1e9)
            order.append(number)

        await asyncio.gather(*(one(number) for number in range(150)))
        assert order == list(range(150))

    in_virtual_time(main())


def test_nobody_overtakes_who_waits_though_the_loop_is_late_to_serve_them() -> None:
    async def main() -> None:
        limited, order = limiter(900.0), []
        limited.pause(1.0)

        async def one(name: str) -> None:
            await limited.take(1e9)
            order.append(name)

        early = asyncio.create_task(one("early"))
        await asyncio.sleep(0)
        asyncio.get_running_loop()._now += 10.0  # type: ignore[attr-defined]  # the loop was busy: no timer has run
        await asyncio.gather(one("late"), early)
        assert order == ["early", "late"]

    in_virtual_time(main())


def test_a_call_that_would_wait_past_its_deadline_learns_so_at_once_and_how_long_it_would_be() -> None:
    async def main() -> None:
        limited, began = limiter(6.0), now()
        await limited.take(began)
        with pytest.raises(AnalystNoBudgetError, match="REMOTE_REQUESTS_PER_MINUTE") as caught:
            await limited.take(began + 5.0)
        assert now() == began
        assert caught.value.wait_seconds == pytest.approx(10.0, rel=0.01)

    in_virtual_time(main())


def test_those_that_wait_already_count_for_the_deadline() -> None:
    async def main() -> None:
        limited = limiter(6.0)
        early = [asyncio.create_task(sent_at(limited)) for _ in range(4)]
        await asyncio.sleep(0)
        assert limited.waiting == 3
        with pytest.raises(AnalystNoBudgetError):
            limited.check(now() + 35.0)
        limited.check(now() + 41.0)
        with pytest.raises(AnalystNoBudgetError):
            limited.check(now() + 41.0, others=1)
        assert None not in await asyncio.gather(*early)

    in_virtual_time(main())


def test_no_budget_refuses_at_once_also_those_that_wait() -> None:
    async def main() -> None:
        limited = limiter(6.0)
        waiting = [asyncio.create_task(sent_at(limited)) for _ in range(3)]
        await asyncio.sleep(0)
        began = now()
        limited.change(0.0)
        first, *others = await asyncio.gather(*waiting)
        assert (first, others, now()) == (began, [None, None], began)
        assert await sent_at(limited) is None
        assert limited.waiting == 0

    in_virtual_time(main())


def test_a_budget_that_grows_serves_those_that_wait_sooner() -> None:
    async def main() -> None:
        limited, began = limiter(1.0), now()
        waiting = [asyncio.create_task(sent_at(limited)) for _ in range(5)]
        await asyncio.sleep(1.0)
        limited.change(600.0)
        times = await asyncio.gather(*waiting)
        assert max(at - began for at in times if at is not None) < 3.0

    in_virtual_time(main())


def test_a_pause_holds_everyone_back_and_sends_away_who_cannot_wait_for_its_end() -> None:
    async def main() -> None:
        limited, began = limiter(), now()
        limited.pause(20.0)
        patient, hasty = await asyncio.gather(sent_at(limited), sent_at(limited, patience=19.0))
        assert patient == began + 20.0
        assert hasty is None

    in_virtual_time(main())


def test_a_pause_that_comes_while_calls_wait_is_learnt_at_once() -> None:
    async def main() -> None:
        limited = limiter(6.0)
        await limited.take(now())
        hasty = asyncio.create_task(sent_at(limited, patience=15.0))
        patient = asyncio.create_task(sent_at(limited))
        await asyncio.sleep(1.0)
        began = now()
        limited.pause(30.0)
        assert await hasty is None
        assert now() == began
        assert await patient == began + 30.0

    in_virtual_time(main())


def test_a_senseless_pause_ends_after_an_hour() -> None:
    async def main() -> None:
        limited, began = limiter(), now()
        limited.pause(1e12)
        assert await sent_at(limited) == began + LONGEST_PAUSE_SECONDS

    in_virtual_time(main())


def test_a_call_that_is_cancelled_while_it_waits_holds_nobody_up() -> None:
    async def main() -> None:
        limited, began = limiter(6.0), now()
        await limited.take(began)
        first, second = (asyncio.create_task(sent_at(limited)) for _ in range(2))
        await asyncio.sleep(1.0)
        first.cancel()
        assert await second == pytest.approx(began + 10.0, rel=0.01)
        assert limited.waiting == 0

    in_virtual_time(main())


CALLS = st.lists(
    st.tuples(
        st.floats(0, 8),  # pause before it
        st.sampled_from(["call", "call", "call", "cancelled", "change", "pause"]),
        st.floats(0, 90),  # patience, budget or pause
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=150)
@given(st.floats(0, 40), CALLS)
def test_in_any_minute_no_more_go_than_the_budget_and_nobody_waits_past_a_deadline(
    budget: float, steps: list[tuple[float, str, float]]
) -> None:
    async def main() -> None:
        limited = limiter(budget)
        sent: list[tuple[float, float]] = []  # when, and by which budget

        async def call(patience: float) -> None:
            deadline = now() + patience
            try:
                await limited.take(deadline)
            except AnalystNoBudgetError:
                assert now() <= deadline
                return
            assert now() <= deadline + 1e-6
            sent.append((now(), limited.pace.budget))

        calls: list[asyncio.Task[None]] = []
        for pause, step, number in steps:
            await asyncio.sleep(pause)
            if step in {"call", "cancelled"}:
                calls.append(asyncio.create_task(call(number)))
                await asyncio.sleep(0)
            if step == "cancelled":
                calls.pop().cancel()
            elif step == "change":
                limited.change(number)
            elif step == "pause":
                limited.pause(number)
        await asyncio.gather(*calls)
        for index, (at, allowed) in enumerate(sent):
            within = sum(1 for earlier, _ in sent[: index + 1] if at - earlier <= 60.0)
            assert within <= max(1, int(allowed))

    in_virtual_time(main())


@pytest.mark.parametrize("workers", [1, 3])
def test_steady_load_uses_nearly_all_of_a_shared_budget(workers: int) -> None:
    async def main() -> None:
        began = now()
        sent: list[float] = []

        async def one(limited: Limiter) -> None:
            while (at := await sent_at(limited, began + 600.0 - now())) is not None:
                sent.append(at)

        await asyncio.gather(*(one(limited) for limited in [limiter(900.0 / workers) for _ in range(workers)]))
        assert 0.94 * 9_000 <= len(sent) <= 9_000

    in_virtual_time(main())
