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


async def test_turns_of_a_task_share_questions_and_tenants_take_turns():
    backlog = Backlog(SIZE)
    for number in range(20):
        backlog.add(waiting(number, tenant="acme"))
    backlog.add(waiting(20, tenant="globex"))
    backlog.add(waiting(21, tenant="globex", task="pii"))

    assert backlog.ahead("acme") == 4 + 2
    assert backlog.ahead("globex") == 2 + 2
    assert backlog.ahead("initech") == 1 + 1
    assert Backlog(SIZE).ahead("initech") == 0


async def test_long_texts_need_more_questions_and_so_does_one_that_is_asked_alone():
    backlog = Backlog(SIZE)
    for number in range(4):
        backlog.add(waiting(number, characters=90))
    assert backlog.ahead("acme") == 4

    backlog.recount("acme", [waiting(number, alone=True) for number in range(3)])
    assert backlog.ahead("acme") == 3
    backlog.recount("acme", [])
    assert backlog.ahead("acme") == 0


@settings(max_examples=80, deadline=None)
@given(TURNS, st.sampled_from(TENANTS))
def test_no_more_questions_are_told_than_are_asked_before_all_of_a_tenants_turns_are(turns, tenant):
    async def law() -> None:
        line = Gathering(SIZE, Superseding(()))
        for number, (whose, task, characters) in enumerate(turns):
            line.add(waiting(number, tenant=whose, task=task, characters=characters))
        told = line.ahead(waiting(1_000, tenant=tenant))
        left = sum(whose == tenant for whose, _, _ in turns)
        asked = 0
        while left:
            batch = line.take()
            asked += 1
            left -= sum(entry.tenant == tenant for entry in batch)

        # Tenants that come later in their turns than the last of this one's go after it.
        assert told <= asked + len(TENANTS) - 1
        assert line.ahead(waiting(1_001, tenant=tenant)) <= len(TENANTS) - 1

    asyncio.run(law())
