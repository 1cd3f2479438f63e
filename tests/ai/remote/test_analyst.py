from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from signalstream.ai.analyst import Answer
from signalstream.ai.local.pii_finder import PersonalDataFinder
from signalstream.ai.remote.analyst import SLICE_SECONDS, RemoteAnalyst
from signalstream.ai.remote.backlog import Size
from signalstream.ai.remote.outgoing import Outgoing
from signalstream.ai.remote.patience import Patience
from signalstream.ai.remote.prompts import PROMPTS
from signalstream.ai.remote.provider import Question, Reply
from signalstream.ai.remote.watching import WatchedProvider
from signalstream.errors import (
    AnalystBadOutputError,
    AnalystNoBudgetError,
    AnalystRateLimitedError,
    AnalystRefusedError,
    AnalystRejectedError,
    AnalystSpentError,
    AnalystSupersededError,
    AnalystSuspendedError,
    AnalystUnavailableError,
)
from signalstream.metrics.metrics import Metrics
from signalstream.models.conversation import Turn
from signalstream.models.intelligence import RESULTS
from tests.ai.local.conversations import turn
from tests.ai.remote.turns import GOOD, patterns
from tests.core.analyses import result_of
from tests.fakes import FakeProvider, ScriptedAnalyst
from tests.virtual_time import in_virtual_time


@dataclass
class PlainCalls:
    """Calls the provider as it is; while ``room`` is not set a call waits for its budget."""

    provider: WatchedProvider
    room: asyncio.Event = field(default_factory=asyncio.Event)
    status: str = "ok"
    followed: tuple[Any, ...] | None = None

    async def call(self, question: Question, deadline: float, tenant: str) -> Reply:
        await self.room.wait()
        return await self.provider.ask(question, deadline - asyncio.get_running_loop().time())

    def answer_seconds(self) -> float:
        return 0.0

    def question_seconds(self, ahead: int) -> float:
        return 0.0

    def goes_at_once(self, ahead: int) -> bool:
        return False

    def condition(self) -> Mapping[str, object]:
        return {"status": self.status}

    def follow(self, apps: Sequence[Any], *, topic: str, partitions: int, agents: int) -> None:
        self.followed = (list(apps), topic, partitions, agents)

    def show(self, metrics: Metrics) -> None:
        metrics.read("remote_in_flight", lambda: {(): 0})


def good(question: Question) -> Reply:
    """Answer every conversation that a question holds."""
    task = question.name.rpartition("-v")[0]
    ids = re.findall(r"^\S+ BEGIN (\S+)$", question.data, re.MULTILINE)
    return Reply({"results": [{"id": one, **GOOD[task]} for one in ids]}, "fake-1")


class Scene:
    """A remote analyst on fakes; the local analyst answers every task with ``LOCAL``."""

    def __init__(
        self,
        local: Answer | BaseException | None = None,
        seconds: float = 5.0,
        finder: PersonalDataFinder | None = None,
        instead: ScriptedAnalyst | None = None,
    ) -> None:
        self.provider = FakeProvider(otherwise=good)
        self.patience = Patience(seconds, seconds / 2)
        watched = WatchedProvider(self.provider, self.patience.note)
        self.calls = PlainCalls(watched)
        self.calls.room.set()
        self.local = instead or ScriptedAnalyst(local or LOCAL)
        self.analyst = RemoteAnalyst(
            watched,
            self.calls,
            self.local,
            outgoing=Outgoing(finder or patterns()),
            size=Size(20, 24_000),
            patience=self.patience,
        )


LOCAL = Answer(RESULTS["sentiment"].model_validate(result_of("sentiment")), engine="local")
TURN = turn("You charged me twice and nobody answers!")


def numbered(seq: int) -> Turn:
    return TURN.model_copy(update={"seq": seq, "message_count": seq})


@pytest.mark.parametrize("task", PROMPTS)
async def test_the_model_answers_every_task_that_has_a_prompt(task):
    scene = Scene()

    made = await scene.analyst.analyse(task, TURN)

    assert isinstance(made.result, RESULTS[task])
    assert (made.engine, made.model, made.degraded_reason) == ("fake", "fake-1", None)
    assert (len(scene.provider.questions), scene.local.asked) == (1, [])


async def test_a_task_without_a_prompt_never_leaves_the_process():
    scene = Scene()

    assert await scene.analyst.analyse("language", TURN) == LOCAL
    assert scene.provider.questions == []


@pytest.mark.parametrize(
    "error",
    [
        AnalystUnavailableError("no route to it"),
        AnalystRateLimitedError("slow down", 30.0),
        AnalystRefusedError("blocked: safety"),
        AnalystBadOutputError("cut, twice"),
        AnalystRejectedError("the key is not accepted"),
        AnalystSuspendedError("an outage was seen"),
        AnalystNoBudgetError("no room", 20.0),
        AnalystSpentError("the day's money is spent"),
    ],
)
async def test_when_the_model_cannot_answer_the_local_analyst_does_and_says_why(error):
    scene = Scene()
    scene.provider.script = [error]

    made = await scene.analyst.analyse("sentiment", TURN)

    assert (made.result, made.engine) == (LOCAL.result, "local")
    assert made.degraded_reason == f"fake: {error}"


@pytest.mark.parametrize("nonsense", [{"results": []}, {"answer": 42}])
async def test_nonsense_is_asked_for_once_more_and_then_the_local_analyst_answers(nonsense):
    scene = Scene()
    scene.provider.script = [Reply(nonsense, "fake-1")] * 2

    made = await scene.analyst.analyse("sentiment", TURN)

    assert len(scene.provider.questions) == 2
    assert made.engine == "local"
    assert "sentiment-v2" in str(made.degraded_reason)


async def test_one_usable_answer_after_nonsense_is_no_lesser_one():
    scene = Scene()
    scene.provider.script = [Reply({"results": []}, "fake-1")]

    assert (await scene.analyst.analyse("sentiment", TURN)).degraded_reason is None


async def test_a_model_that_takes_too_long_is_waited_for_no_longer_than_the_limit():
    scene = Scene(seconds=0.1)
    scene.provider.script = [None]

    made = await asyncio.wait_for(scene.analyst.analyse("sentiment", TURN), 5)

    assert made.engine == "local"
    assert str(made.degraded_reason).startswith("fake: no answer within 0.1")


async def test_when_the_model_is_back_new_turns_use_it_again():
    scene = Scene()
    scene.provider.script = [AnalystUnavailableError("away")]

    engines = [(await scene.analyst.analyse("sentiment", TURN)).engine for _ in range(2)]

    assert engines == ["local", "fake"]


async def test_the_local_analysts_own_error_is_passed_on():
    scene = Scene(local=AnalystRefusedError("not this one either"))
    scene.provider.script = [AnalystUnavailableError("away")]

    with pytest.raises(AnalystRefusedError, match="not this one either"):
        await scene.analyst.analyse("sentiment", TURN)


async def test_when_personal_data_cannot_be_searched_for_nothing_is_sent():
    scene = Scene(finder=PersonalDataFinder())  # not started, and so without its model

    made = await scene.analyst.analyse("sentiment", TURN)

    assert scene.provider.questions == []
    assert made.engine == "local"
    assert "nothing was sent" in str(made.degraded_reason)


async def test_of_a_conversations_waiting_summaries_only_the_newest_is_asked_and_the_older_say_so():
    scene = Scene()
    scene.calls.room.clear()
    first = asyncio.create_task(scene.analyst.analyse("sentiment", TURN))
    await asyncio.sleep(0.01)
    made = [asyncio.create_task(scene.analyst.analyse("summary", numbered(seq))) for seq in (1, 2, 3)]
    await asyncio.sleep(0.01)
    scene.calls.room.set()
    ends = await asyncio.gather(*made, return_exceptions=True)
    await first

    assert [type(end) for end in ends] == [AnalystSupersededError, AnalystSupersededError, Answer]
    assert [question.name for question in scene.provider.questions] == ["sentiment-v2", "summary-v1"]
    assert scene.local.asked == []


def test_turns_that_wait_for_budget_share_a_question_and_each_gets_its_own_result():
    async def main() -> None:  # on a busy machine real milliseconds are over before the first turn is searched
        scene = Scene()
        scene.calls.room.clear()
        made = []
        for seq in range(1, 8):
            made.append(asyncio.create_task(scene.analyst.analyse("sentiment", numbered(seq))))
            await asyncio.sleep(0.01)
        scene.calls.room.set()
        ends = await asyncio.gather(*made)

        assert {end.engine for end in ends} == {"fake"}
        assert len(scene.provider.questions) == 2
        gathered = scene.analyst.health()["gathering"]
        assert isinstance(gathered, dict)
        assert (gathered["questions"], gathered["largest"]) == (2, 6)

    in_virtual_time(main())


async def test_an_answer_with_many_turns_holds_the_event_loop_for_a_slice_at_a_time():
    scene, held, since = Scene(), 0.0, 0.0

    def answered(question: Question) -> Reply:
        nonlocal since
        since = time.thread_time()
        return good(question)

    async def go_round() -> None:
        nonlocal held, since
        while True:
            held, since = max(held, time.thread_time() - since if since else 0.0), time.thread_time() if since else 0.0
            await asyncio.sleep(0)

    scene.provider.otherwise = answered
    made = [asyncio.create_task(scene.analyst.analyse("insights", numbered(seq))) for seq in range(1, 21)]
    turning = asyncio.create_task(go_round())
    await asyncio.gather(*made)
    turning.cancel()

    assert len(scene.provider.questions) == 1
    assert 0.0 < held < 3 * SLICE_SECONDS  # of CPU: a slice ends with the turn that exceeds it


async def test_health_tells_the_models_condition_and_the_local_analysts():
    scene = Scene()
    assert scene.analyst.health()["status"] == "ok"

    scene.calls.status = "open"
    shown = scene.analyst.health()

    assert (shown["status"], shown["engine"], shown["model"]) == ("degraded", "fake", "fake-1")
    assert (shown["remote"], shown["local"]) == ({"status": "open"}, {"status": "ok"})


async def test_stopping_gives_turns_that_wait_to_the_local_analyst():
    scene = Scene()
    scene.calls.room.clear()
    made = asyncio.create_task(scene.analyst.analyse("sentiment", TURN))
    await scene.analyst.start()
    await asyncio.sleep(0.01)
    await scene.analyst.stop()

    assert (await made).engine == "local"
    assert not scene.provider.started


class ForeseeingAnalyst(ScriptedAnalyst):
    """Notes what it may begin with."""

    def __init__(self) -> None:
        super().__init__(LOCAL)
        self.foreseen: list[Turn] = []

    def foresee(self, turn: Turn) -> None:
        self.foreseen.append(turn)


def test_the_search_without_which_nothing_is_sent_begins_before_an_agent_has_the_turn():
    local = ForeseeingAnalyst()
    Scene(instead=local).analyst.foresee(numbered(1))

    assert local.foreseen == [numbered(1)]


async def test_the_budget_follows_the_partitions_of_the_agents_that_ask_the_model():
    scene = Scene()
    scene.analyst.follow({"language": "app 1", "sentiment": "app 2"}, "turns", 8)  # type: ignore[dict-item]  # passed on

    assert scene.calls.followed == (["app 2"], "turns", 8, 4)


async def test_a_worker_without_such_an_agent_follows_nothing():
    scene = Scene()
    scene.analyst.follow({"language": "app 1"}, "turns", 8)  # type: ignore[dict-item]  # never looked at

    assert scene.calls.followed is None
