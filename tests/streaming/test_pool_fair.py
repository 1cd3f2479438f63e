from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.streaming.pool import OrderedPool
from tests.streaming.events import FakeEvent, event

LIMIT, AHEAD = 3, 40
LOGS = st.lists(st.tuples(st.sampled_from(["noisy", "quiet", "other"]), st.integers(0, 4)), min_size=1, max_size=40)


async def begun_order(log: list[tuple[str, int]], picks: list[int], *, ahead: int = AHEAD) -> list[FakeEvent]:
    """Return the records in the order in which their work began, when all of ``log`` was read before any ended."""
    begun: list[FakeEvent] = []
    gates: list[asyncio.Future[None]] = []
    acked: list[int] = []

    def ack(record: FakeEvent) -> None:
        acked.append(record.message.offset)

    async def work(record: FakeEvent) -> None:
        begun.append(record)
        gates.append(asyncio.get_running_loop().create_future())
        await gates[-1]

    async def crash(error: BaseException) -> None:
        raise error

    pool: OrderedPool[FakeEvent] = OrderedPool(
        ack, lambda _: None, crash, LIMIT, ahead=ahead, tenant=lambda each: (each.key or b"").partition(b"/")[0]
    )
    for offset, (tenant, conversation) in enumerate(log):
        await pool.submit(event(key=f"{tenant}/{conversation}".encode(), offset=offset), work)
    turn = 0
    while pool.in_flight:
        for _ in range(6):
            await asyncio.sleep(0)
        if waiting := [gate for gate in gates if not gate.done()]:
            assert len(waiting) <= LIMIT
            waiting[picks[turn % len(picks)] % len(waiting)].set_result(None)
            turn += 1
    assert acked == list(range(len(log)))
    return begun


def law(log: list[tuple[str, int]], picks: list[int]) -> list[FakeEvent]:
    return asyncio.run(asyncio.wait_for(begun_order(log, picks), 20))


@settings(deadline=None, max_examples=100)
@given(LOGS, st.lists(st.integers(0, 9), min_size=1, max_size=20))
def test_turns_of_many_tenants_all_begin_and_those_of_a_conversation_in_their_order(log, picks):
    begun = law(log, picks)

    assert len(begun) == len(log)
    for key in {each.key for each in begun}:
        offsets = [each.message.offset for each in begun if each.key == key]
        assert offsets == sorted(offsets)


@settings(deadline=None, max_examples=60)
@given(st.integers(LIMIT, AHEAD - 1), st.lists(st.integers(0, 9), min_size=1, max_size=20))
def test_a_quiet_tenants_turn_that_was_read_waits_for_one_more_of_a_noisy_one_at_most(backlog, picks):
    log = [("noisy", number) for number in range(backlog)] + [("quiet", 0)]

    begun = [each.key.partition(b"/")[0].decode() for each in law(log, picks) if each.key]

    assert begun.index("quiet") <= LIMIT + 1  # those that were in work, and one


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 12), st.lists(st.integers(0, 9), min_size=1, max_size=20))
def test_a_quiet_tenants_several_turns_go_one_for_one_with_a_noisy_ones(turns, picks):
    log = [("noisy", number) for number in range(AHEAD - turns)] + [("quiet", number) for number in range(turns)]

    begun = [each.key.partition(b"/")[0].decode() for each in law(log, picks) if each.key]

    last = len(begun) - 1 - begun[::-1].index("quiet")
    assert begun[:last].count("noisy") <= LIMIT + turns


async def test_a_turn_that_waits_for_one_of_its_conversation_keeps_no_place_from_others():
    one_conversation = [("noisy", 0)] * 10 + [("quiet", number) for number in range(LIMIT - 1)]

    begun = await asyncio.wait_for(begun_order(one_conversation, [LIMIT - 1]), 20)

    assert {each.key for each in begun[:LIMIT]} == {b"noisy/0", *(b"quiet/%d" % n for n in range(LIMIT - 1))}


async def test_what_lies_behind_the_reading_ahead_is_beyond_any_order():
    log = [("noisy", number) for number in range(10)] + [("quiet", 0)]
    reading = asyncio.create_task(begun_order(log, [0], ahead=LIMIT))
    done, _ = await asyncio.wait({reading}, timeout=0.05)

    assert not done  # it waits for room, and nothing ends here before all was read
    reading.cancel()
    await asyncio.wait({reading})
