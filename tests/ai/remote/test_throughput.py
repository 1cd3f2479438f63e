from __future__ import annotations

import asyncio
import random
import re
from collections import Counter

import pytest

from signalstream.ai.analyst import Answer
from signalstream.ai.local.pii_finder import PersonalDataFinder
from signalstream.ai.remote.composition import remote_analyst
from signalstream.ai.remote.outgoing import Outgoing
from signalstream.ai.remote.prompts import PROMPTS
from signalstream.ai.remote.provider import Question, Reply
from signalstream.models.conversation import Turn
from signalstream.models.intelligence import RESULTS
from signalstream.settings import Settings
from tests.ai.local.conversations import turn
from tests.ai.remote.turns import GOOD
from tests.core.analyses import result_of
from tests.fakes import FakeProvider, ScriptedAnalyst
from tests.virtual_time import in_virtual_time

pytestmark = pytest.mark.slow

MESSAGES_A_MINUTE, TENANTS = 4_000, 3
LOCAL = Answer(RESULTS["sentiment"].model_validate(result_of("sentiment")), engine="local")


class Unhurried(FakeProvider):
    """Takes two to five seconds for an answer."""

    async def ask(self, question: Question, timeout_seconds: float) -> Reply:
        self.questions.append(question)
        await asyncio.sleep(random.Random(len(self.questions)).uniform(2, 5))
        task = question.name.rpartition("-v")[0]
        ids = re.findall(r"^\S+ BEGIN (\S+)$", question.data, re.MULTILINE)
        return Reply({"results": [{"id": one, **GOOD[task]} for one in ids]}, "fake-1")


def numbered(number: int) -> Turn:
    one = turn("You charged me twice and nobody answers!")
    fields = {"tenant_id": f"t-{number % TENANTS}", "conversation_id": f"c-{number}"}
    return one.model_copy(update={"message": one.message.model_copy(update=fields)})


def test_four_thousand_messages_a_minute_get_four_answers_each_within_nine_tenths_of_a_thousand_questions():
    async def law() -> None:
        provider = Unhurried()
        settings = Settings(_env_file=None)
        outgoing = Outgoing(PersonalDataFinder(load=None))
        analyst = remote_analyst(provider, settings, ScriptedAnalyst(LOCAL), outgoing)
        made = []
        for number in range(MESSAGES_A_MINUTE):
            one = numbered(number)
            made += [asyncio.create_task(analyst.analyse(task, one)) for task in PROMPTS]
            await asyncio.sleep(60 / MESSAGES_A_MINUTE)
        sent = len(provider.questions)
        engines = Counter(answer.engine for answer in await asyncio.gather(*made))

        assert engines == {"fake": len(made)}
        assert sent <= 0.9 * settings.remote_requests_per_minute

    in_virtual_time(law())
