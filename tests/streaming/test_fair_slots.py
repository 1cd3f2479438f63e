from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.streaming.fair_slots import FairSlots

LIMIT = 2
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("come"), st.sampled_from("abc")), st.tuples(st.sampled_from(["end", "cancel", "turn"]))
    ),
    max_size=40,
)


class Visitors:
    """Tasks that have a place until they are told to end."""

    def __init__(self) -> None:
        self.slots = FairSlots(LIMIT)
        self.inside: list[tuple[str, asyncio.Event]] = []
        self.began: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    def come(self, tenant: str) -> None:
        self.tasks.append(asyncio.create_task(self._visit(tenant)))

    async def _visit(self, tenant: str) -> None:
        over = asyncio.Event()
        await self.slots.take(tenant)
        self.began.append(tenant)
        self.inside.append((tenant, over))
        try:
            await over.wait()
        finally:
            self.inside.remove((tenant, over))
            self.slots.give_back()

    def waiting(self) -> int:
        return sum(not task.done() for task in self.tasks) - len(self.inside)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@settings(deadline=None, max_examples=200)
@given(MOVES)
def test_whoever_comes_ends_or_is_cancelled_no_place_is_lost_and_none_is_given_twice(moves):
    async def law() -> None:
        visitors = Visitors()
        for number, (move, *tenant) in enumerate(moves):
            if move == "come":
                visitors.come(*tenant)
            elif move == "end" and visitors.inside:
                visitors.inside[number % len(visitors.inside)][1].set()
            elif move == "cancel" and visitors.tasks:
                visitors.tasks[number % len(visitors.tasks)].cancel()
            else:
                await settle()
                assert len(visitors.inside) == LIMIT or visitors.waiting() == 0  # no place is kept back
            assert len(visitors.inside) <= LIMIT
        while any(not task.done() for task in visitors.tasks):
            await settle()
            for _, over in visitors.inside:
                over.set()
        for _ in range(LIMIT):
            visitors.come("late")
        await settle()
        assert len(visitors.inside) == LIMIT
        for _, over in visitors.inside:
            over.set()
        await asyncio.gather(*visitors.tasks, return_exceptions=True)

    asyncio.run(asyncio.wait_for(law(), 20))


async def test_a_crowd_of_one_tenant_lets_another_in_with_the_next_place():
    visitors = Visitors()
    for _ in range(10):
        visitors.come("crowd")
    await settle()
    visitors.come("quiet")
    await settle()
    for _ in range(2):
        visitors.inside[0][1].set()
        await settle()

    assert "quiet" in visitors.began[LIMIT : LIMIT + 2]
    for task in visitors.tasks:
        task.cancel()
    await asyncio.gather(*visitors.tasks, return_exceptions=True)
