from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass, field

import pytest

from signalstream.ai.remote.outgoing import Outgoing, OutgoingTurn
from signalstream.ai.remote.sharing import MOST, SharedRedaction
from signalstream.errors import AnalystWithheldError
from signalstream.models.conversation import Turn
from tests.ai.local.conversations import turn
from tests.ai.remote.turns import patterns

TURN = turn("Write to jane@example.com")


@dataclass
class Counting:
    """Counts what it prepares, and raises ``errors`` first."""

    errors: list[Exception] = field(default_factory=list)
    prepared: list[Turn] = field(default_factory=list)
    outgoing: Outgoing = field(default_factory=lambda: Outgoing(patterns()))

    async def redacted(self, one: Turn) -> OutgoingTurn:
        self.prepared.append(one)
        await asyncio.sleep(0.01)
        if self.errors:
            raise self.errors.pop()
        return await self.outgoing.redacted(one)


async def test_all_agents_share_one_preparation_of_a_turn_at_once_and_later() -> None:
    counting = Counting()
    shared = SharedRedaction(counting)

    made = [*await asyncio.gather(*(shared.redacted(TURN) for _ in range(4))), await shared.redacted(TURN)]

    assert len(counting.prepared) == 1
    assert all(one is made[0] for one in made)
    assert "[EMAIL_1]" in made[0].voices.lines[-1][1]


async def test_an_equal_turn_that_was_read_anew_is_prepared_for_itself() -> None:
    counting = Counting()
    shared = SharedRedaction(counting)
    again = TURN.model_copy()

    assert (await shared.redacted(TURN)).turn is TURN
    assert (await shared.redacted(again)).turn is again


async def test_what_failed_is_tried_again() -> None:
    counting = Counting(errors=[AnalystWithheldError("no search")])
    shared = SharedRedaction(counting)

    with pytest.raises(AnalystWithheldError):
        await shared.redacted(TURN)
    assert (await shared.redacted(TURN)).turn is TURN


@pytest.mark.parametrize("who", [0, 1, 2])
async def test_who_gives_up_takes_it_from_nobody(who: int) -> None:
    shared = SharedRedaction(Counting())
    asking = [asyncio.create_task(shared.redacted(TURN)) for _ in range(4)]
    await asyncio.sleep(0)
    asking.pop(who).cancel()

    assert [(await one).turn is TURN for one in asking] == [True] * 3


async def test_a_failure_is_everybodys_who_waited_for_it() -> None:
    counting = Counting(errors=[AnalystWithheldError("no search")])
    shared = SharedRedaction(counting)

    ends = await asyncio.gather(*(shared.redacted(TURN) for _ in range(4)), return_exceptions=True)
    assert [type(end) for end in ends] == [AnalystWithheldError] * 4
    assert len(counting.prepared) == 1


async def test_nobody_is_told_of_a_failure_that_nobody_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    shared = SharedRedaction(Counting(errors=[AnalystWithheldError("no search")]))
    with pytest.raises(AnalystWithheldError):
        await shared.redacted(TURN)
    del shared
    gc.collect()
    assert caplog.records == []


async def test_only_the_newest_are_remembered() -> None:
    counting = Counting()
    shared = SharedRedaction(counting)
    await asyncio.gather(*(shared.redacted(one) for one in (TURN, *(TURN.model_copy() for _ in range(MOST)))))

    await shared.redacted(TURN)
    assert len(counting.prepared) == MOST + 2
