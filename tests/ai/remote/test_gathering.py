from __future__ import annotations

import asyncio
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.ai.remote.backlog import Size
from signalstream.ai.remote.gathering import Gathering
from signalstream.ai.remote.superseding import Superseding
from signalstream.ai.remote.waiting import Outcome, Waiting
from signalstream.errors import AnalystOverloadedError
from tests.ai.remote.queued import SIZE, gathering, waiting

MODERATE = settings(deadline=None, max_examples=150)
TENANTS = ("acme", "globex", "initech")
TASKS = ("sentiment", "pii", "summary")
ARRIVALS = st.lists(
    st.tuples(st.sampled_from(TENANTS), st.sampled_from(TASKS), st.integers(1, 130), st.integers(0, 3)), max_size=40
)


def arrived(arrivals: list[tuple[str, str, int, int]]) -> list[Waiting[str]]:
    return [
        waiting(number, tenant=tenant, task=task, characters=characters, conversation=f"c-{conversation}", seq=number)
        for number, (tenant, task, characters, conversation) in enumerate(arrivals, start=1)
    ]


def taken(line: Gathering[str]) -> list[list[Waiting[str]]]:
    batches = []
    while batch := line.take():
        batches.append(batch)
    return batches


@MODERATE
@given(ARRIVALS, st.integers(0, 40))
def test_every_turn_is_asked_once_or_superseded_in_questions_of_one_tenant_one_task_and_a_bounded_size(arrivals, cut):
    async def law() -> None:
        line, entries = gathering(), arrived(arrivals)
        batches = []
        for entry in entries[:cut]:
            line.add(entry)
        batches += [line.take()] if cut else []
        for entry in entries[cut:]:
            line.add(entry)
        batches += taken(line)

        asked = [entry for batch in batches for entry in batch]
        superseded = [entry for entry in entries if entry.ended.done()]
        assert len(asked) == len(set(map(id, asked)))
        assert {*map(id, asked), *map(id, superseded)} == {*map(id, entries)}
        assert len(asked) + len(superseded) == len(entries)
        for batch in filter(None, batches):
            assert len({entry.tenant for entry in batch}) == len({entry.task for entry in batch}) == 1
            assert len(batch) <= SIZE.turns
            assert len(batch) == 1 or sum(entry.characters for entry in batch) <= SIZE.characters

    asyncio.run(law())


@MODERATE
@given(ARRIVALS)
def test_turns_of_a_tenant_and_a_task_are_asked_in_the_order_in_which_they_came(arrivals):
    async def law() -> None:
        line = gathering()
        for entry in (entries := [one for one in arrived(arrivals) if one.task != "summary"]):
            line.add(entry)
        order = defaultdict(list)
        for batch in taken(line):
            for entry in batch:
                order[entry.tenant, entry.task].append(entry.seq)
        assert all(seqs == sorted(seqs) for seqs in order.values())
        assert sum(map(len, order.values())) == len(entries)

    asyncio.run(law())


@MODERATE
@given(ARRIVALS)
def test_of_a_conversations_waiting_summaries_only_the_newest_is_asked(arrivals):
    async def law() -> None:
        line, entries = gathering(), arrived(arrivals)
        for entry in entries:
            line.add(entry)
        asked = {(e.tenant, e.conversation): e.seq for batch in taken(line) for e in batch if e.task == "summary"}
        newest: dict[tuple[str, str], int] = {}
        for entry in entries:
            if entry.task == "summary":
                newest[entry.tenant, entry.conversation] = entry.seq
        assert asked == newest
        assert all(entry.task == "summary" for entry in entries if entry.ended.done())

    asyncio.run(law())


async def test_a_tenant_with_a_long_backlog_delays_another_by_one_question():
    line = gathering()
    for number in range(50):
        line.add(waiting(number))
    line.add(waiting(99, tenant="globex"))

    assert [batch[0].tenant for batch in taken(line)][:3] == ["acme", "globex", "acme"]


async def test_a_tenants_oldest_turn_decides_which_task_is_asked_next():
    line = gathering()
    for number in range(14):
        line.add(waiting(number, task="pii" if number == 7 else "sentiment"))

    sizes = [(batch[0].task, len(batch)) for batch in taken(line)]
    assert sizes == [("sentiment", 5), ("sentiment", 5), ("pii", 1), ("sentiment", 3)]


async def test_a_turn_that_nobody_waits_for_any_more_is_not_asked():
    line, gone, there = gathering(), waiting(1), waiting(2)
    line.add(gone)
    line.add(there)
    gone.ended.cancel()

    assert taken(line) == [[there]]


async def test_what_is_put_back_comes_first_in_its_order_and_alone():
    line, again = gathering(), [waiting(1), waiting(2)]
    line.add(waiting(3))
    line.put_back(again)

    assert [[entry.id for entry in batch] for batch in taken(line)] == [["id-1"], ["id-2"], ["id-3"]]


async def test_a_turn_that_is_larger_than_a_question_goes_by_itself():
    line = Gathering(Size(turns=5, characters=100), Superseding[str]())
    for number, characters in enumerate([400, 10, 10], start=1):
        line.add(waiting(number, characters=characters))

    assert [len(batch) for batch in taken(line)] == [1, 2]


async def test_the_same_turn_twice_is_never_twice_in_a_question():
    line = gathering()
    line.add(waiting(1))
    line.add(waiting(1))

    assert [len(batch) for batch in taken(line)] == [1, 1]


async def test_a_turn_that_is_put_back_gives_way_to_a_newer_one_of_its_conversation():
    line = gathering()
    older, newer = (waiting(seq, task="summary", conversation="c", seq=seq) for seq in (1, 2))
    line.add(older)
    assert line.take() == [older]
    line.add(newer)
    line.put_back([older])

    assert isinstance(older.ended.result(), Outcome)
    assert taken(line) == [[newer]]


async def test_a_turn_whose_deadline_comes_before_an_answer_leaves_its_budget_to_later_ones():
    line, late, early = gathering(), waiting(1, deadline=10.0), waiting(2, deadline=20.0)
    line.add(late)
    line.add(early)

    assert line.take(answered_at=15.0) == [early]
    assert isinstance(late.ended.result().error, AnalystOverloadedError)
