from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.remote.backlog import Backlog, Size
from signalstream.ai.remote.gathering import Gathering
from signalstream.ai.remote.superseding import Superseding
from tests.ai.remote.queued import waiting

SIZE = Size(turns=5, characters=100)
TASKS, TENANTS = ("sentiment", "pii", "insights"), ("acme", "globex", "initech")
TURNS = st.lists(st.tuples(st.sampled_from(TENANTS), st.sampled_from(TASKS), st.integers(1, 120)), max_size=60)


def ahead(backlog: Backlog, tenant: str, task: str = "sentiment") -> int:
    return backlog.ahead(waiting(1_000, tenant=tenant, task=task))


async def test_who_comes_to_nobody_goes_at_once():
    assert ahead(Backlog(SIZE), "acme") == 0


async def test_a_turn_shares_the_question_that_its_tenants_turns_of_the_task_wait_for():
    backlog = Backlog(SIZE)
    for number in range(4):
        backlog.add(waiting(number))
    assert ahead(backlog, "acme") == 0

    backlog.add(waiting(4))
    assert ahead(backlog, "acme") == 1  # five share one: this is the sixth
    assert ahead(backlog, "acme", "pii") == 1


async def test_tenants_take_turns():
    backlog = Backlog(SIZE)
    for number in range(12):
        backlog.add(waiting(number, tenant="acme"))
    backlog.add(waiting(12, tenant="globex"))

    assert ahead(backlog, "globex") == 1
    assert ahead(backlog, "initech") == 2
    assert ahead(backlog, "acme") == 2 + 1  # two full ones of its own, one of the other tenant
    backlog.recount("acme", [waiting(number) for number in range(7)])
    assert ahead(backlog, "globex") == 0
    assert ahead(backlog, "acme") == 1 + 1 + 1


async def test_long_texts_need_more_questions_and_so_does_one_that_is_asked_alone():
    backlog = Backlog(SIZE)
    for number in range(4):
        backlog.add(waiting(number, characters=90))
    assert ahead(backlog, "acme") == 3

    backlog.recount("acme", [waiting(number, alone=True) for number in range(3)])
    assert ahead(backlog, "acme") == 3
    backlog.recount("acme", [])
    assert ahead(backlog, "acme") == 0


@settings(max_examples=150, deadline=None)
@given(TURNS, st.sampled_from(TENANTS), st.sampled_from(TASKS))
def test_about_as_many_questions_are_told_as_go_before_the_one_that_a_turn_shares(turns, tenant, task):
    async def law() -> None:
        line = Gathering(SIZE, Superseding(()))
        for number, (whose, what, _) in enumerate(turns):
            line.add(waiting(number, tenant=whose, task=what, characters=1))
        mine = waiting(1_000, tenant=tenant, task=task, characters=1)
        told = line.ahead(mine)
        line.add(mine)
        before = 0
        while mine not in line.take():
            before += 1

        assert abs(told - before) <= len(TASKS) * len(TENANTS)
        assert told <= before + len(TENANTS)  # who is refused would really have come too late, but for a round

    asyncio.run(law())
