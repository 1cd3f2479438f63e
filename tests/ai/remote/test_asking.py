from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.remote.asking import Answers, Asking
from signalstream.ai.remote.waiting import Name, Waiting
from signalstream.errors import (
    AnalystBadOutputError,
    AnalystError,
    AnalystRefusedError,
    AnalystUnavailableError,
)
from signalstream.models.base import Model
from tests.ai.remote.queued import gathering, waiting
from tests.virtual_time import in_virtual_time


class Echo(Model):
    """A result that says whose it is."""

    of: str


@dataclass
class Desk:
    """Answers each question with every turn's own id. Turns of ``poison`` spoil a question that they are in.

    Until ``open`` is set no question reaches the model.
    """

    poison: dict[str, BaseException | None] = field(default_factory=dict)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[list[str]] = field(default_factory=list)

    async def __call__(self, batch: Sequence[Waiting[str]], begun: Callable[[], None]) -> Answers:
        await self.open.wait()
        self.asked.append([entry.id for entry in batch])
        begun()
        await asyncio.sleep(0)
        results: dict[Name, Model] = {entry.name: Echo(of=entry.id) for entry in batch}
        for entry in batch:
            if entry.id in self.poison:
                if (error := self.poison[entry.id]) is not None:
                    raise error
                del results[entry.name]
        return Answers(results, {}, "fake-1")


@dataclass
class Expected:
    """An answer takes ``answer`` seconds, and so long passes between two questions."""

    answer: float = 0.0
    between: float = 0.0
    at_once: int = 0

    def answer_seconds(self) -> float:
        return self.answer

    def question_seconds(self, ahead: int) -> float:
        return ahead * self.between

    def goes_at_once(self, ahead: int) -> bool:
        return ahead < self.at_once


def opened(poison: dict[str, BaseException | None] | None = None) -> Desk:
    desk = Desk(poison or {})
    desk.open.set()
    return desk


def asking_of(desk: Desk) -> Asking[str]:
    return Asking(gathering(), desk, Expected())


async def outcomes(asking: Asking[str], entries: Sequence[Waiting[str]]) -> list[str]:
    made = await asyncio.gather(*(asking.outcome(entry) for entry in entries))
    return [one.result.of if isinstance(one.result, Echo) else type(one.error).__name__ for one in made]


async def test_an_idle_system_asks_at_once_and_alone():
    desk = opened()
    asking = asking_of(desk)

    for number in range(3):
        assert await outcomes(asking, [waiting(number)]) == [f"id-{number}"]
    assert desk.asked == [["id-0"], ["id-1"], ["id-2"]]


async def test_while_there_is_budget_questions_do_not_wait_for_one_another():
    desk = Desk()
    asking = Asking(gathering(), desk, Expected(at_once=3))
    ends = [asyncio.create_task(outcomes(asking, [waiting(number, task=f"task-{number}")])) for number in range(5)]
    for _ in range(10):
        await asyncio.sleep(0)

    assert asking.sizes.questions == 3
    desk.open.set()
    assert await asyncio.gather(*ends) == [[f"id-{number}"] for number in range(5)]
    assert asking.sizes.questions == 5


async def test_turns_that_come_while_a_question_waits_for_budget_share_the_next():
    desk = Desk()
    asking = asking_of(desk)
    ends = []
    for number in range(6):
        ends.append(asyncio.create_task(outcomes(asking, [waiting(number)])))
        await asyncio.sleep(0.001)
    desk.open.set()

    assert await asyncio.gather(*ends) == [[f"id-{number}"] for number in range(6)]
    assert desk.asked == [["id-0"], ["id-1", "id-2", "id-3", "id-4", "id-5"]]


def test_a_turn_whose_answer_would_come_too_late_is_not_asked_and_learns_so_at_once():
    async def law() -> None:
        desk, began = Desk(), asyncio.get_running_loop().time()
        asking = Asking(gathering(), desk, Expected(answer=4.0, between=1.0))
        ends = [asyncio.create_task(outcomes(asking, [waiting(0, deadline=began + 10)]))]
        await asyncio.sleep(0.001)  # it is on its way; the others wait until it has its budget
        late = [waiting(number, deadline=began + 9) for number in range(1, 31)]
        ends += [asyncio.create_task(outcomes(asking, [entry])) for entry in late]
        in_time = outcomes(asking, [waiting(31, deadline=began + 20)])
        of_another_tenant = outcomes(asking, [waiting(32, tenant="globex", deadline=began + 9)])
        ends += [asyncio.create_task(in_time), asyncio.create_task(of_another_tenant)]
        await asyncio.sleep(0.001)

        too_late = [end.result() for end in ends if end.done()]
        # Five turns share a question and five questions are answered in time: five of the thirty come too late.
        assert too_late == [["AnalystOverloadedError"]] * 5
        desk.open.set()
        made = [end for ends in await asyncio.gather(*ends) for end in ends]
        assert made.count("AnalystOverloadedError") == 5
        assert {"id-31", "id-32"} <= set(made)

    in_virtual_time(law())


def test_the_newest_turn_of_a_conversation_takes_the_place_of_the_older_however_long_the_backlog_is():
    async def law() -> None:
        desk, began = Desk(), asyncio.get_running_loop().time()
        asking = Asking(gathering(), desk, Expected(answer=4.0, between=5.0))
        ends = [asyncio.create_task(outcomes(asking, [waiting(0)]))]
        await asyncio.sleep(0.001)  # it is on its way
        for number in range(1, 6):
            entry = waiting(number, task="summary", deadline=began + 9)
            ends.append(asyncio.create_task(outcomes(asking, [entry])))
        await asyncio.sleep(0.001)
        newer = waiting(6, task="summary", conversation="c-3", seq=2, deadline=began + 9)
        other = waiting(7, task="summary", deadline=began + 9)
        ends += [asyncio.create_task(outcomes(asking, [entry])) for entry in (newer, other)]
        await asyncio.sleep(0.001)
        desk.open.set()

        made = [end for ends in await asyncio.gather(*ends) for end in ends]
        assert made[3] == "AnalystSupersededError"
        assert made[6:] == ["id-6", "AnalystOverloadedError"]
        assert set(made[:3] + made[4:6]) == {"id-0", "id-1", "id-2", "id-4", "id-5"}

    in_virtual_time(law())


ERRORS = st.sampled_from([AnalystBadOutputError("cut"), AnalystRefusedError("blocked"), None])


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.sampled_from(["acme", "globex"]), min_size=1, max_size=25),
    st.dictionaries(st.integers(0, 24).map(lambda number: f"id-{number}"), ERRORS, max_size=4),
)
def test_every_turn_gets_its_own_outcome_and_poison_harms_no_other(tenants, poison):
    async def law() -> None:
        desk = Desk(dict(poison))
        asking = asking_of(desk)
        entries = [waiting(number, tenant=tenant) for number, tenant in enumerate(tenants)]
        ends = asyncio.create_task(outcomes(asking, entries))
        await asyncio.sleep(0)
        desk.open.set()
        refused = {id_ for id_, error in poison.items() if isinstance(error, AnalystRefusedError)}
        expected = [
            entry.id
            if entry.id not in poison
            else "AnalystRefusedError"
            if entry.id in refused
            else "AnalystBadOutputError"
            for entry in entries
        ]
        assert await ends == expected
        # Poison costs little: a turn is in one gathering at most, and then asked alone, twice at most.
        assert all(sum(entry.id in asked for asked in desk.asked) <= 3 for entry in entries)

    asyncio.run(law())


async def test_a_single_turn_of_which_the_answer_holds_nothing_is_asked_once_more():
    desk = opened({"id-1": None})

    assert await outcomes(asking_of(desk), [waiting(1)]) == ["AnalystBadOutputError"]
    assert desk.asked == [["id-1"], ["id-1"]]


@pytest.mark.parametrize("error", [AnalystRefusedError("blocked"), AnalystBadOutputError("cut, twice")])
async def test_an_error_about_a_single_turn_is_its_end_for_the_layers_below_have_asked_again(error):
    desk = opened({"id-1": error})

    assert await outcomes(asking_of(desk), [waiting(1)]) == [type(error).__name__]
    assert desk.asked == [["id-1"]]


async def test_an_outage_ends_every_turn_of_its_question_and_nothing_is_asked_again():
    desk = Desk({"id-2": AnalystUnavailableError("no route")})
    asking = asking_of(desk)
    ends = asyncio.create_task(outcomes(asking, [waiting(number) for number in range(4)]))
    await asyncio.sleep(0)
    desk.open.set()

    assert await ends == ["AnalystUnavailableError"] * 4
    assert desk.asked == [["id-0", "id-1", "id-2", "id-3"]]


async def test_a_fault_of_ours_gives_every_turn_an_outcome_too_and_the_next_question_is_asked():
    desk = opened({"id-1": ZeroDivisionError()})
    asking = asking_of(desk)

    (made,) = await asyncio.gather(asking.outcome(waiting(1)))
    assert isinstance(made.error, AnalystError)
    assert "ZeroDivisionError" in str(made.error)
    assert await outcomes(asking, [waiting(2)]) == ["id-2"]


@pytest.mark.parametrize("turns_of_the_loop", range(2, 8))
async def test_stopping_tells_every_turn_that_waits(turns_of_the_loop):
    desk = Desk()
    asking = asking_of(desk)
    ends = asyncio.create_task(outcomes(asking, [waiting(number) for number in range(9)]))
    for _ in range(turns_of_the_loop):
        await asyncio.sleep(0)
    await asking.stop()

    assert await ends == ["AnalystUnavailableError"] * 9


async def test_a_turn_whose_caller_has_gone_is_asked_no_more():
    desk = Desk()
    asking = asking_of(desk)
    first, gone = (asyncio.create_task(asking.outcome(waiting(number))) for number in (1, 2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    desk.open.set()
    await first

    assert [id_ for asked in desk.asked for id_ in asked].count("id-2") <= 1


async def test_the_condition_counts_questions_and_the_turns_in_them():
    desk = Desk()
    asking = asking_of(desk)
    ends = asyncio.create_task(outcomes(asking, [waiting(number) for number in range(7)]))
    await asyncio.sleep(0)
    desk.open.set()
    await ends

    expected = {"waiting": 0, "questions": 2, "turns": 7, "newest": 2, "largest": 5, "mean": 3.5}
    assert asking.condition() == expected
