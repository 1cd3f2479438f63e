"""The layers together, in virtual time: a call's way to the model, and what each layer makes of what comes back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
import structlog

from signalstream.ai.remote.calling import Caller, layered
from signalstream.ai.remote.provider import Question, Reply, Tokens
from signalstream.core.outage import State
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
from signalstream.remote_settings import RemoteSettings
from tests.fakes import FakeProvider, FixedClock
from tests.virtual_time import in_virtual_time

TODAY = FixedClock(datetime(2026, 5, 1, tzinfo=UTC))
QUESTION = Question("sentiment", "Judge.", "<data>", {"type": "object"}, 256)


def now() -> float:
    return asyncio.get_running_loop().time()


def caller(provider: FakeProvider, **knobs: object) -> Caller:
    return layered(provider, RemoteSettings(_env_file=None, **knobs), TODAY)  # type: ignore[arg-type]  # pydantic-settings takes any field as a keyword


def wait_seconds(calls: Caller) -> object:
    budget = calls.condition()["budget"]
    assert isinstance(budget, dict)
    return budget["wait_seconds"]


async def asked(calls: Caller, seconds: float = 12.0, tenant: str = "acme") -> Reply:
    return await calls.call(QUESTION, now() + seconds, tenant)


async def outcome(calls: Caller, seconds: float = 12.0) -> Reply | AnalystError:
    try:
        return await asked(calls, seconds)
    except AnalystError as error:
        return error


def test_an_idle_call_is_sent_at_once_and_its_reply_returned() -> None:
    async def main() -> None:
        provider = FakeProvider(latency_seconds=2.0)
        calls, began = caller(provider), now()

        reply = await asked(calls)
        assert reply.value == {"asked": "sentiment"}
        assert (provider.asked_at, provider.timeouts) == ([began], [10.0])
        assert calls.usage.calls == calls.usage.attempts == {"ok": 1}
        assert calls.condition()["tokens"] == {"prompt": 100, "output": 20}

    in_virtual_time(main())


def test_each_attempt_takes_a_token() -> None:
    async def main() -> None:
        calls = caller(FakeProvider([AnalystUnavailableError("503"), AnalystUnavailableError("503")]))
        before = calls.limiter.left()

        await asked(calls)
        assert before - calls.limiter.left() == 3
        assert calls.usage.attempts == {"unavailable": 2, "ok": 1}
        assert calls.usage.calls == {"ok": 1}

    in_virtual_time(main())


def test_useless_output_is_asked_for_once_more_and_its_tokens_are_paid() -> None:
    async def main() -> None:
        cut = AnalystBadOutputError("cut")
        cut.tokens = (1_000, 500)
        calls = caller(FakeProvider([cut, cut, cut]))
        with pytest.raises(AnalystBadOutputError):
            await asked(calls)
        assert calls.usage.attempts == {"bad_output": 2}
        assert calls.spending.tokens("acme") == Tokens(2_000, 1_000)

    in_virtual_time(main())


@pytest.mark.parametrize("error", [AnalystRefusedError("blocked"), AnalystRejectedError("no such key")])
def test_what_the_model_will_never_answer_is_asked_once(error: AnalystError) -> None:
    async def main() -> None:
        provider = FakeProvider([error])
        with pytest.raises(type(error)):
            await asked(caller(provider))
        assert len(provider.questions) == 1

    in_virtual_time(main())


def test_a_rejected_key_shows_in_the_condition_until_the_model_answers_again() -> None:
    async def main() -> None:
        calls = caller(FakeProvider([AnalystRejectedError("the key is not accepted")]))
        assert calls.condition()["status"] == "ok"
        await outcome(calls)
        assert calls.condition()["status"] == "rejected"
        assert calls.condition()["reason"] == "the key is not accepted"
        assert calls.breaker.state == State.CLOSED

        await outcome(calls)
        assert calls.condition()["status"] == "ok"

    in_virtual_time(main())


def test_a_rejected_key_is_logged_once_and_not_for_every_message() -> None:
    async def main() -> None:
        calls = caller(FakeProvider([AnalystRejectedError("the key is not accepted")] * 3))
        with structlog.testing.capture_logs() as lines:
            for _ in range(3):
                await outcome(calls)
        assert [line["event"] for line in lines if line["log_level"] == "error"] == ["analyst.rejected"]

    in_virtual_time(main())


def test_silence_ends_an_attempt_in_its_time_and_the_call_by_its_deadline() -> None:
    async def main() -> None:
        provider = FakeProvider(otherwise=lambda _: None)
        calls, began = caller(provider), now()
        with pytest.raises(AnalystUnavailableError):
            await asked(calls, seconds=12.0)
        assert began + 10.0 <= now() <= began + 12.0
        assert provider.in_flight == calls.usage.in_flight == calls.in_flight.taken == 0

    in_virtual_time(main())


def test_an_adapter_that_forgets_its_timeout_is_ended_all_the_same() -> None:
    class Forgetful(FakeProvider):
        async def ask(self, question: Question, timeout_seconds: float) -> Reply:
            await asyncio.Event().wait()
            raise AssertionError

    async def main() -> None:
        calls, began = caller(Forgetful(), remote_attempt_seconds=3.0), now()
        with pytest.raises(AnalystUnavailableError, match="within 3 s"):
            await asked(calls, seconds=3.3)
        assert now() == began + 3.0

    in_virtual_time(main())


def test_without_time_left_nothing_is_sent() -> None:
    async def main() -> None:
        provider = FakeProvider()
        for seconds in (-1.0, 0.0, 0.1):
            with pytest.raises(AnalystOverdueError):
                await asked(caller(provider), seconds)
        assert provider.questions == []

    in_virtual_time(main())


def test_no_more_calls_are_in_flight_than_may_be() -> None:
    async def main() -> None:
        provider = FakeProvider(latency_seconds=2.0)
        calls = caller(provider, remote_in_flight=7, remote_requests_per_minute=100_000)
        await asyncio.gather(*(asked(calls, seconds=60.0) for _ in range(35)))
        assert provider.most_in_flight == 7

    in_virtual_time(main())


def test_a_call_that_finds_no_place_in_flight_is_overdue_at_its_deadline() -> None:
    async def main() -> None:
        calls = caller(FakeProvider(latency_seconds=9.0), remote_in_flight=1)
        first = asyncio.create_task(asked(calls))
        await asyncio.sleep(0)
        began = now()
        with pytest.raises(AnalystOverdueError, match="after 0 attempts"):
            await asked(calls, seconds=5.0)
        assert now() == began + 5.0
        await first

    in_virtual_time(main())


def test_a_full_quota_holds_everyone_back_for_as_long_as_the_server_says() -> None:
    async def main() -> None:
        provider = FakeProvider([AnalystRateLimitedError("429", 5.0)])
        calls, began = caller(provider), now()
        first = asyncio.create_task(asked(calls))
        await asyncio.sleep(1.0)
        await asyncio.gather(first, asked(calls), asked(calls))
        assert provider.asked_at[0] == began
        assert min(provider.asked_at[1:]) >= began + 5.0

    in_virtual_time(main())


def test_a_full_quota_beyond_the_deadline_refuses_at_once() -> None:
    async def main() -> None:
        calls, began = caller(FakeProvider([AnalystRateLimitedError("429", 60.0)])), now()
        with pytest.raises(AnalystRateLimitedError):
            await asked(calls)
        with pytest.raises(AnalystNoBudgetError):
            await asked(calls)
        assert now() == began
        assert calls.breaker.state == State.CLOSED

    in_virtual_time(main())


def test_a_refusal_lowers_the_budget_and_time_brings_it_back() -> None:
    async def main() -> None:
        calls = caller(FakeProvider([AnalystRateLimitedError("429", 0.0)]))
        await asked(calls)
        assert calls.limiter.pace.budget < 0.9 * 900
        await asyncio.sleep(180.0)
        calls.rebudget()
        assert calls.limiter.pace.budget == 900.0

    in_virtual_time(main())


def test_a_worker_without_partitions_asks_nothing_and_learns_so_at_once() -> None:
    async def main() -> None:
        provider = FakeProvider()
        calls, began = caller(provider), now()
        calls.budget.share.tell(0, 32)
        with pytest.raises(AnalystNoBudgetError):
            await asked(calls)
        assert (now(), provider.questions, calls.condition()["status"]) == (began, [], "ok")
        assert wait_seconds(calls) is None

    in_virtual_time(main())


def test_a_tenant_that_has_spent_its_day_is_refused_and_others_are_asked() -> None:
    async def main() -> None:
        dear = {"remote_price_per_million_prompt_tokens": 10_000.0, "remote_spend_per_tenant_and_day": 1.0}
        calls = caller(FakeProvider(), **dear)
        await asked(calls)
        with pytest.raises(AnalystSpentError):
            await asked(calls)
        await asked(calls, tenant="globex")

    in_virtual_time(main())


def test_an_outage_lets_go_of_all_that_is_under_way_and_refuses_what_comes() -> None:
    async def main() -> None:
        silent = FakeProvider(otherwise=lambda _: None)
        calls, began = caller(silent, remote_attempt_seconds=8.0), now()
        early = [asyncio.create_task(outcome(calls)) for _ in range(10)]
        await asyncio.sleep(4.0)
        late = [asyncio.create_task(outcome(calls)) for _ in range(60)]
        await asyncio.sleep(1.5)
        endings = await asyncio.gather(outcome(calls), *early, *late)
        assert now() == began + 5.5, "all would have had seconds more"
        assert {type(ending) for ending in endings} == {AnalystSuspendedError}

        with pytest.raises(AnalystSuspendedError):
            await asked(calls)
        assert calls.condition()["status"] == "suspended"
        assert silent.in_flight == calls.in_flight.taken == calls.in_flight.waiting == 0

    in_virtual_time(main())


def test_a_model_that_becomes_slower_is_taken_for_an_outage_once_at_most() -> None:
    async def main() -> None:
        provider = FakeProvider(latency_seconds=1.0)
        calls = caller(provider)
        calls.usage.slow.seconds = 1.0
        opened: list[float] = []
        calls.breaker.opened.append(lambda: opened.append(now()))
        tasks = []
        for quarter in range(480):
            provider.latency_seconds = 1.0 if quarter < 40 else 7.0
            tasks += [asyncio.create_task(outcome(calls)) for _ in range(2)]
            await asyncio.sleep(0.25)
        endings = await asyncio.gather(*tasks)
        assert len(opened) == 1
        assert all(isinstance(ending, Reply) for ending in endings[-480:])

    in_virtual_time(main())


def test_a_call_that_is_cancelled_leaves_nothing_behind() -> None:
    async def main() -> None:
        provider = FakeProvider(latency_seconds=5.0)
        calls = caller(provider, remote_in_flight=1)
        tasks = [asyncio.create_task(asked(calls)) for _ in range(3)]
        await asyncio.sleep(1.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (provider.in_flight, calls.in_flight.taken, calls.in_flight.waiting) == (0, 0, 0)
        assert calls.usage.calls == {"cancelled": 3}
        await asked(calls)

    in_virtual_time(main())


def test_a_fault_of_an_adapter_is_raised_and_counted() -> None:
    async def main() -> None:
        calls = caller(FakeProvider([ZeroDivisionError()]))
        with pytest.raises(ZeroDivisionError):
            await asked(calls)
        assert calls.usage.calls == calls.usage.attempts == {"fault": 1}

    in_virtual_time(main())


def test_no_attempt_begins_when_an_answer_would_come_too_late() -> None:
    async def main() -> None:
        provider = FakeProvider([3.0, 3.0, AnalystUnavailableError("503")], latency_seconds=3.0)
        calls = caller(provider)
        await asked(calls)
        await asked(calls)
        with pytest.raises(AnalystUnavailableError):
            await asked(calls, seconds=6.0)  # 503 after three seconds, and an answer takes as long as is left
        assert len(provider.questions) == 3

    in_virtual_time(main())


def test_how_long_a_call_would_wait_is_told() -> None:
    async def main() -> None:
        calls = caller(FakeProvider(), remote_requests_per_minute=10)
        assert wait_seconds(calls) == 0.0
        await asked(calls)
        assert wait_seconds(calls) == pytest.approx(60 / 9, rel=0.01)

    in_virtual_time(main())


async def test_our_own_time_before_an_idle_call_is_sent_is_far_below_twenty_milliseconds() -> None:
    calls = caller(FakeProvider(), remote_requests_per_minute=100_000)
    cpu = time.thread_time()
    for _ in range(200):
        await asked(calls)

    assert (time.thread_time() - cpu) / 200 < 0.010, "all the work of a call; the machine's load does not count"
    assert calls.usage.waiting_seconds.percentile(0.5) is not None
    assert calls.usage.waiting_seconds.percentile(0.5) < 0.010  # type: ignore[operator]  # seen in the line before


def test_the_condition_has_names_that_stay_from_the_first_call_on() -> None:
    async def main() -> None:
        calls = caller(FakeProvider([AnalystRefusedError("blocked")]))
        fresh = calls.condition()
        await outcome(calls)
        assert names(fresh) == names(calls.condition())
        assert json.loads(json.dumps(calls.condition())) == calls.condition()

    in_virtual_time(main())


def names(condition: Mapping[str, object]) -> set[str]:
    """Return the names of a condition, those of its parts with a dot."""
    found = set()
    for name, value in condition.items():
        found |= {f"{name}.{inner}" for inner in value} if isinstance(value, dict) else {name}
    return found
