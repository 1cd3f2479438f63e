from __future__ import annotations

from signalstream.ai.remote.asking import Sizes
from signalstream.ai.remote.measuring import show_calls, show_gathering
from signalstream.ai.remote.usage import OUTCOMES
from signalstream.errors import AnalystUnavailableError
from tests.ai.remote.test_calling import asked, caller, outcome
from tests.fakes import FakeProvider, RecordingMetrics
from tests.virtual_time import in_virtual_time


def test_what_calls_cost_how_they_ended_and_how_long_they_took_is_shown() -> None:
    async def main() -> None:
        script = [2.0, AnalystUnavailableError("503"), 2.0]
        prices = {"prompt": 0.0, "output": 1_000_000.0}
        knobs = {f"remote_price_per_million_{kind}_tokens": price for kind, price in prices.items()}
        calls = caller(FakeProvider(script), **knobs)
        metrics = RecordingMetrics()
        show_calls(metrics, calls)
        await asked(calls)
        await asked(calls)
        assert metrics.now("remote_calls") == {(one,): 2 if one == "ok" else 0 for one in OUTCOMES}
        assert metrics.now("remote_attempts")["unavailable",] == 1
        assert metrics.now("remote_tokens") == {("prompt",): 200, ("output",): 40}
        assert metrics.now("remote_money") == {(): 40.0}
        assert metrics.now("remote_spent_today") == {(): 40.0}
        assert metrics.now("remote_tenants_spent") == {(): 0}
        assert metrics.latencies["remote_answer_seconds"]().count == 2
        assert metrics.latencies["remote_waiting_seconds"]().count == 2
        assert metrics.now("remote_budget_left")[()] == calls.limiter.left()
        assert metrics.now("remote_budget_per_minute")[()] > 0
        assert metrics.now("remote_in_flight") == metrics.now("remote_calls_waiting") == {(): 0}

    in_virtual_time(main())


def test_exactly_one_state_of_the_breaker_is_the_present_one() -> None:
    async def main() -> None:
        calls = caller(FakeProvider([AnalystUnavailableError("503")] * 40))
        metrics = RecordingMetrics()
        show_calls(metrics, calls)
        assert metrics.now("remote_breaker") == {("closed",): 1, ("open",): 0, ("half open",): 0}
        for _ in range(6):
            await outcome(calls)
        assert metrics.now("remote_breaker") == {("closed",): 0, ("open",): 1, ("half open",): 0}
        assert metrics.now("remote_calls")["suspended",] > 0

    in_virtual_time(main())


def test_the_size_of_gatherings_follows_from_two_counts() -> None:
    metrics, sizes = RecordingMetrics(), Sizes()
    show_gathering(metrics, sizes, lambda: 3)
    for turns in (1, 5):
        sizes.note(turns)
    assert metrics.now("remote_gathered_turns")[()] / metrics.now("remote_questions")[()] == 3
    assert metrics.now("remote_turns_waiting") == {(): 3}
