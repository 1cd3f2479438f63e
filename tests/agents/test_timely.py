from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from signalstream.agents.timely import Timely
from signalstream.ai.analyst import Answer, Hurries
from signalstream.ai.local.analyst import LocalAnalyst
from signalstream.errors import AnalystRefusedError
from signalstream.models.conversation import Turn
from signalstream.models.intelligence import RESULTS
from signalstream.streaming.stepping import OverdueError
from tests.ai.local.conversations import turn
from tests.core.analyses import result_of
from tests.fakes import ScriptedAnalyst
from tests.virtual_time import in_virtual_time

TURN = turn("You charged me twice and nobody answers!")
RULES = Answer(RESULTS["sentiment"].model_validate(result_of("sentiment")), engine="rules")
MODEL = Answer(RESULTS["sentiment"].model_validate(result_of("sentiment")), engine="model")
DEADLINE = 30.0


@dataclass
class Slow(ScriptedAnalyst):
    """Takes ``seconds`` for its answer."""

    seconds: float = 0.0

    async def analyse(self, task: str, turn: Turn) -> Answer:
        await asyncio.sleep(self.seconds)
        return await super().analyse(task, turn)


def answered(timely: Timely) -> tuple[float, Answer | BaseException]:
    async def main() -> tuple[float, Answer | BaseException]:
        began = asyncio.get_running_loop().time()
        try:
            end: Answer | BaseException = await timely.analyse("sentiment", TURN)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            end = error
        return asyncio.get_running_loop().time() - began, end

    return in_virtual_time(main())


def test_who_answers_in_time_is_believed_as_it_is():
    assert answered(Timely(Slow(MODEL, seconds=20), ScriptedAnalyst(RULES), DEADLINE)) == (20, MODEL)


def test_what_would_be_overdue_is_answered_by_rules_within_the_deadline_and_says_so():
    seconds, answer = answered(Timely(ScriptedAnalyst(None), ScriptedAnalyst(RULES), DEADLINE))

    assert isinstance(answer, Answer)
    assert seconds < DEADLINE
    assert (answer.engine, answer.degraded_code) == ("rules", "overloaded")
    assert answer.degraded_reason == "no answer within 25.5 s, so rules alone answered"


def test_when_answers_in_a_hurry_take_long_they_get_more_of_the_deadline():
    timely = Timely(ScriptedAnalyst(None), Slow(RULES, seconds=4), DEADLINE)

    assert answered(timely)[0] == 25.5 + 4
    assert timely.reserve_seconds == 12.0
    assert answered(timely)[0] == 18 + 4


def test_at_least_half_of_the_deadline_is_the_analysts():
    timely = Timely(ScriptedAnalyst(None), ScriptedAnalyst(None), DEADLINE)
    for _ in range(2):
        assert answered(timely)[0] == DEADLINE
    assert timely.reserve_seconds <= DEADLINE / 2


def test_without_anybody_in_a_hurry_the_whole_deadline_is_the_analysts():
    assert answered(Timely(Slow(MODEL, seconds=29), None, DEADLINE)) == (29, MODEL)
    seconds, end = answered(Timely(ScriptedAnalyst(None), None, DEADLINE))
    assert (seconds, type(end)) == (DEADLINE, OverdueError)


def test_when_nobody_answers_in_time_that_is_said_at_the_deadline():
    seconds, end = answered(Timely(ScriptedAnalyst(None), ScriptedAnalyst(None), DEADLINE))
    assert (seconds, type(end)) == (DEADLINE, OverdueError)


def test_an_error_of_the_analyst_is_no_reason_to_hurry():
    hurried = ScriptedAnalyst(RULES)
    assert isinstance(
        answered(Timely(ScriptedAnalyst(AnalystRefusedError("no")), hurried, DEADLINE))[1], AnalystRefusedError
    )
    assert hurried.asked == []


@pytest.mark.parametrize("task", ["sentiment", "pii", "insights", "summary"])
async def test_the_local_analyst_in_a_hurry_answers_every_task_without_waiting_for_a_thread(task):
    analyst = LocalAnalyst()
    assert isinstance(analyst, Hurries)
    steps = analyst.in_a_hurry().analyse(task, TURN)

    answer = await asyncio.wait_for(steps, 1)

    assert isinstance(answer.result, RESULTS[task])
    assert "minilm" not in answer.engine
    assert "rampart" not in answer.engine
