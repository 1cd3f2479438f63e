from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benchmarks.instant_analyst import create
from benchmarks.workload import load
from signalstream.agents.registry import AI_AGENTS
from signalstream.errors import AnalystRefusedError
from signalstream.models.conversation import Turn
from signalstream.settings import Settings

MESSAGE = load("turn", 1, 1, datetime(2026, 1, 31, 12, tzinfo=UTC)).messages[0]
TURN = Turn(message=MESSAGE, seq=1, message_count=1)


async def test_every_agents_task_gets_a_result_of_its_own_model() -> None:
    analyst = create(Settings())
    for agent in AI_AGENTS:
        assert isinstance((await analyst.analyse(agent.name, TURN)).result, agent.result)


async def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(AnalystRefusedError, match="translation"):
        await create(Settings()).analyse("translation", TURN)
