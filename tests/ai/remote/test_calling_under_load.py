"""Minutes of load in virtual time, against a server with a quota of its own, outages and slow answers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

import pytest

from signalstream.ai.remote.calling import Caller, layered
from signalstream.ai.remote.provider import Question, Reply
from signalstream.core.outage import State
from signalstream.errors import AnalystError, AnalystRateLimitedError, AnalystUnavailableError
from signalstream.remote_settings import RemoteSettings
from tests.fakes import FakeProvider, FixedClock
from tests.virtual_time import in_virtual_time

pytestmark = pytest.mark.slow


QUESTION = Question("sentiment", "Judge.", "<data>", {"type": "object"}, 256)
DEADLINE = 12.0


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Server:
    """What several workers' providers are in front of: a quota over a sliding minute, and times when it is out."""

    quota: int = 1_000
    out: Callable[[float], str | None] = lambda _: None
    taken: deque[float] = field(default_factory=deque)
    refused: int = 0

    def admit(self, at: float) -> AnalystError | None:
        """Say what stands in a request's way, if anything."""
        while self.taken and self.taken[0] <= at - 60.0:
            self.taken.popleft()
        if len(self.taken) >= self.quota:
            self.refused += 1
            return AnalystRateLimitedError("429", self.taken[0] + 60.0 - at)
        self.taken.append(at)
        return None


class Served(FakeProvider):
    """A worker's provider: answers of ``server`` that take two to five seconds."""

    def __init__(self, server: Server, seed: int = 1) -> None:
        super().__init__()
        self.server, self.chance = server, Random(seed)

    async def ask(self, question: Question, timeout_seconds: float) -> Reply:
        out = self.server.out(now())
        error = AnalystUnavailableError("503") if out == "refusing" else self.server.admit(now())
        self.script.append(error or (None if out == "silent" else self.chance.uniform(2.0, 5.0)))
        return await super().ask(question, timeout_seconds)


@dataclass
class Ended:
    began: float
    seconds: float
    result: str


@dataclass
class Load:
    """Calls that come evenly, whether or not those before have ended."""

    calls: Caller
    ended: list[Ended] = field(default_factory=list)

    async def run(self, seconds: float, calls_per_second: float) -> None:
        began, tasks = now(), []
        for number in range(int(seconds * calls_per_second)):
            await asyncio.sleep(max(0.0, began + number / calls_per_second - now()))
            tasks.append(asyncio.create_task(self._one()))
        await asyncio.gather(*tasks)

    async def _one(self) -> None:
        began, result = now(), "ok"
        try:
            await self.calls.call(QUESTION, began + DEADLINE, "acme")
        except AnalystError as error:
            result = type(error).__name__
        self.ended.append(Ended(began, now() - began, result))

    def share_ok(self) -> float:
        return sum(call.result == "ok" for call in self.ended) / len(self.ended)


def workers(server: Server, count: int = 1, shares: tuple[int, ...] | None = None) -> list[Load]:
    loads = []
    for number in range(count):
        settings = RemoteSettings(_env_file=None)
        calls = layered(Served(server, number), settings, FixedClock(datetime(2026, 5, 1, tzinfo=UTC)))
        if shares is not None:
            calls.budget.share.tell(shares[number], sum(shares))
        loads.append(Load(calls))
    return loads


@pytest.mark.parametrize("shares", [(8,), (3, 3, 2), (6, 2, 0)])
def test_in_steady_state_the_servers_quota_refuses_nothing(shares: tuple[int, ...]) -> None:
    async def main() -> None:
        server = Server()
        loads = workers(server, len(shares), shares)
        await asyncio.gather(*(load.run(150.0, 18.0 / len(shares)) for load in loads))
        assert server.refused == 0
        if 0 not in shares:
            assert len(server.taken) >= 0.93 * 900

    in_virtual_time(main())


def test_a_quota_that_is_lower_than_was_said_is_found_out() -> None:
    async def main() -> None:
        server = Server(quota=700)
        [load] = workers(server)
        await load.run(90.0, 15.0)
        attempts, refused = load.calls.usage.attempts.total(), server.refused
        await load.run(300.0, 15.0)
        later = load.calls.usage.attempts.total() - attempts
        assert (server.refused - refused) / later < 0.01
        assert later > 0.8 * 700 * 5

    in_virtual_time(main())


def test_a_share_that_moves_from_worker_to_worker_breaks_no_quota() -> None:
    async def main() -> None:
        server = Server()
        loads = workers(server, 2, (4, 4))

        async def rebalance() -> None:
            for first in (8, 4, 0, 2, 8, 5, 1):
                await asyncio.sleep(20.0)
                for load, assigned in zip(loads, (first, 8 - first), strict=True):
                    load.calls.budget.share.tell(assigned, 8)
                    load.calls.rebudget()

        await asyncio.gather(rebalance(), *(load.run(180.0, 16.0) for load in loads))
        assert server.refused == 0

    in_virtual_time(main())


def test_three_times_the_load_costs_no_requests_for_answers_that_come_too_late() -> None:
    async def main() -> None:
        [load] = workers(Server())
        await load.run(120.0, 45.0)
        usage = load.calls.usage
        assert usage.attempts["ok"] >= 0.93 * usage.attempts.total()
        assert usage.attempts.total() >= 0.9 * 900 * 2
        assert usage.calls["ok"] + usage.calls["no_budget"] >= 0.95 * usage.calls.total()
        assert load.calls.breaker.state == State.CLOSED, "our own overload is no outage"
        refused = [call.seconds for call in load.ended if call.result == "AnalystNoBudgetError"]
        assert sorted(refused)[len(refused) // 2] == 0.0

    in_virtual_time(main())


@pytest.mark.parametrize("how", ["refusing", "silent"])
@pytest.mark.parametrize("calls_per_second", [0.5, 12.0])
def test_an_outage_of_five_minutes_ends_calls_quickly_and_is_over_quickly(how: str, calls_per_second: float) -> None:
    async def main() -> None:
        began, end = now() + 60.0, now() + 360.0
        server = Server(out=lambda at: how if began <= at < end else None)
        [load] = workers(server)
        await load.run(480.0, calls_per_second)

        before = [call for call in load.ended if call.began < began - DEADLINE]
        assert all(call.result == "ok" for call in before)
        first = min(call.began + call.seconds for call in load.ended if call.result == "ok" and call.began > began)
        assert first - end < 60.0
        recovered = [call for call in load.ended if call.began > first]
        assert all(call.result == "ok" for call in recovered)
        during = sorted(call.seconds for call in load.ended if began + 15.0 < call.began < end)
        assert during[int(0.9 * len(during))] <= DEADLINE
        if calls_per_second > 1:
            assert during[int(0.95 * len(during))] == 0.0, "but for the probes, calls end at once"

    in_virtual_time(main())


def test_with_a_fifth_of_faults_nearly_all_calls_are_answered_and_none_hangs() -> None:
    async def main() -> None:
        chance = Random(7)
        server = Server(out=lambda _: "refusing" if chance.random() < 0.2 else None)
        [load] = workers(server)
        await load.run(180.0, 8.0)
        assert load.share_ok() > 0.98
        assert load.calls.breaker.state == State.CLOSED
        assert all(call.seconds <= DEADLINE + 0.001 for call in load.ended)

    in_virtual_time(main())
