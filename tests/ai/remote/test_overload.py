"""More than can be answered, in virtual time: what the model answers stays near the most that it could."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from signalstream.ai.analyst import Answer
from signalstream.ai.remote.composition import remote_analyst
from signalstream.ai.remote.outgoing import Outgoing, OutgoingTurn
from signalstream.ai.remote.prompts import PROMPTS
from signalstream.ai.remote.provider import Question, Reply
from signalstream.models.conversation import Turn
from signalstream.models.intelligence import RESULTS
from signalstream.settings import Settings
from tests.ai.local.conversations import turn
from tests.ai.remote.turns import GOOD, patterns
from tests.core.analyses import result_of
from tests.fakes import FakeProvider, ScriptedAnalyst
from tests.virtual_time import in_virtual_time

pytestmark = pytest.mark.slow

LOCAL = Answer(RESULTS["sentiment"].model_validate(result_of("sentiment")), engine="local")
SECONDS, WARM = 60, 25


def now() -> float:
    return asyncio.get_running_loop().time()


class Unhurried(FakeProvider):
    """Takes two to five seconds for an answer."""

    async def ask(self, question: Question, timeout_seconds: float) -> Reply:
        self.questions.append(question)
        await asyncio.sleep(random.Random(len(self.questions)).uniform(2, 5))
        task = question.name.rpartition("-v")[0]
        ids = re.findall(r"^\S+ BEGIN (\S+)$", question.data, re.MULTILINE)
        return Reply({"results": [{"id": one, **GOOD[task]} for one in ids]}, "fake-1")


class OneByOne(Outgoing):
    """Searches one text after another, ``seconds`` for each: a model's thread that is short of CPU."""

    def __init__(self, seconds: float) -> None:
        super().__init__(patterns())
        self._seconds = seconds
        self._free_at = 0.0
        self._searched: dict[str, float] = {}

    async def redacted(self, turn: Turn) -> OutgoingTurn:
        name = turn.message.conversation_id
        if name not in self._searched:
            self._free_at = max(self._free_at, now()) + self._seconds
            self._searched[name] = self._free_at
        await asyncio.sleep(max(0.0, self._searched[name] - now()))
        return await super().redacted(turn)


@dataclass
class Run:
    """Four agents, each with its places, work off messages that come evenly."""

    settings: Settings
    outgoing: Outgoing = field(default_factory=lambda: Outgoing(patterns()))
    provider: Unhurried = field(default_factory=Unhurried)
    ends: list[tuple[float, float, Answer]] = field(default_factory=list)  # when, after how long, what

    def __post_init__(self) -> None:
        self.analyst = remote_analyst(self.provider, self.settings, ScriptedAnalyst(LOCAL), self.outgoing)

    async def run(self, per_minute: float, tenant: Callable[[int], str]) -> None:
        began = now()
        turns = [numbered(number, tenant(number)) for number in range(int(per_minute * SECONDS / 60))]
        agents = (self._agent(task, turns, lambda number: began + number * 60 / per_minute) for task in PROMPTS)
        await asyncio.gather(*agents)
        self.ends = [(at - began, seconds, answer) for at, seconds, answer in self.ends]

    async def _agent(self, task: str, turns: list[Turn], due: Callable[[int], float]) -> None:
        places = asyncio.Semaphore(self.settings.remote_analyses_in_flight)

        async def one(turn: Turn) -> None:
            began = now()
            async with asyncio.timeout(self.settings.analysis_deadline_seconds):
                answer = await self.analyst.analyse(task, turn)
            self.ends.append((now(), now() - began, answer))
            places.release()

        async with asyncio.TaskGroup() as analyses:
            for number, each in enumerate(turns):
                await asyncio.sleep(max(0.0, due(number) - now()))
                await places.acquire()
                analyses.create_task(one(each))

    def answered_a_minute(self) -> float:
        """Return how many messages got all that the model can say of them, in a minute, once it runs steadily."""
        steady = [answer for at, _, answer in self.ends if WARM <= at < SECONDS]
        return sum(answer.engine == "fake" for answer in steady) / len(PROMPTS) * 60 / (SECONDS - WARM)

    def overdue(self) -> int:
        """Return how many turns waited for the model in vain; all others that it did not answer learnt so at once."""
        reasons = [answer.degraded_reason for _, _, answer in self.ends if answer.degraded_reason]
        return sum("overloaded: " not in reason for reason in reasons)


def numbered(number: int, tenant: str) -> Turn:
    one = turn("You charged me twice and nobody answers!")
    fields = {"tenant_id": tenant, "conversation_id": f"c-{number}"}
    return one.model_copy(update={"message": one.message.model_copy(update=fields)})


def test_however_much_more_comes_than_the_budget_has_room_for_the_model_answers_what_it_can():
    async def law() -> None:
        settings = Settings(_env_file=None, remote_requests_per_minute=200)
        run = Run(settings)
        most = 0.9 * 200 * settings.remote_gathered_turns / len(PROMPTS)
        await run.run(4 * most, lambda number: f"t-{number % 3}")

        assert run.answered_a_minute() >= 0.9 * most
        local = sorted(seconds for _, seconds, answer in run.ends if answer.engine == "local")
        assert local[len(local) // 2] < 0.5, "whoever would come too late learns so at once"
        assert local[-1] <= settings.remote_deadline_seconds + 0.1
        assert run.overdue() <= 0.01 * len(run.ends)

    in_virtual_time(law())


def test_a_search_that_is_short_of_cpu_makes_no_turn_too_late_that_was_begun():
    async def law() -> None:
        searched_a_minute = 1_200
        run = Run(Settings(_env_file=None), OneByOne(60 / searched_a_minute))
        await run.run(2 * searched_a_minute, lambda number: f"t-{number % 3}")

        assert run.answered_a_minute() >= 0.9 * searched_a_minute
        assert run.overdue() == 0

    in_virtual_time(law())


def test_turns_that_could_still_share_a_question_are_not_refused():
    async def law() -> None:
        run = Run(Settings(_env_file=None))
        await run.run(4_000, lambda number: f"t-{number % 40}")  # 160 lines of turns, and a question takes of one

        assert run.answered_a_minute() >= 2_300

    in_virtual_time(law())


def test_turns_of_many_tenants_are_refused_only_as_far_as_the_budget_goes():
    async def law() -> None:
        run = Run(Settings(_env_file=None))
        await run.run(1_200, lambda number: f"t-{number % 300}")

        asked = sum(WARM <= at < SECONDS and answer.engine == "fake" for at, _, answer in run.ends)
        assert asked >= 0.95 * 850 * (SECONDS - WARM) / 60
        assert run.overdue() <= 0.05 * asked  # nearly all answers come as soon as is expected, 19 of 20

    in_virtual_time(law())
