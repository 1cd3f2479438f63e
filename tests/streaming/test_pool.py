from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from signalstream.streaming.pool import Abandoned, OrderedPool
from tests.streaming.events import FakeEvent, event

LIMIT = 4
AHEAD = st.sampled_from([None, 8, 20])  # how many records are read; by default those in work
OUTCOMES = st.sampled_from(["done"] * 12 + ["abandoned", "cancelled", "crash"])
RECORDS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(1, 2), st.sampled_from([b"a", b"b", b"c"]), OUTCOMES),
    min_size=1,
    max_size=20,
).map(lambda drawn: sorted(drawn, key=lambda record: record[1]))  # a partition's generations come one after another


def events_of(drawn: list[tuple[int, int, bytes, str]]) -> list[FakeEvent]:
    return [event(key=key, partition=p, generation_id=g, offset=n) for n, (p, g, key, _) in enumerate(drawn)]


@dataclass
class Run:
    """What one pool did with some records while the test finished their work in an order of its own."""

    outcomes: list[str]
    ack_fails_at: int | None = None
    acked: list[FakeEvent] = field(default_factory=list)
    abandoned: list[FakeEvent] = field(default_factory=list)
    crashes: list[BaseException] = field(default_factory=list)
    acked_before_crash: int | None = None
    started: list[FakeEvent] = field(default_factory=list)
    running: dict[int, asyncio.Future[None]] = field(default_factory=dict)
    most_running: int = 0
    overlapping_keys: bool = False
    ahead: int | None = None

    def pool(self) -> OrderedPool[FakeEvent]:
        return OrderedPool(self.ack, self.abandon, self.crash, LIMIT, ahead=self.ahead, tenant=lambda each: each.key)

    def ack(self, record: FakeEvent) -> None:
        if record.message.offset == self.ack_fails_at:
            raise OSError("the acknowledgement failed")
        self.acked.append(record)

    def abandon(self, record: FakeEvent) -> None:
        self.abandoned.append(record)

    async def crash(self, error: BaseException) -> None:
        self.crashes.append(error)
        self.acked_before_crash = len(self.acked)

    async def work(self, record: FakeEvent) -> None:
        offset = record.message.offset
        self.overlapping_keys |= record.key in {self._key(other) for other in self.running}
        self.started.append(record)
        gate = self.running[offset] = asyncio.get_running_loop().create_future()
        self.most_running = max(self.most_running, len(self.running))
        try:
            await gate
        finally:
            del self.running[offset]
        if self.outcomes[offset] == "abandoned":
            raise Abandoned
        if self.outcomes[offset] == "cancelled":
            raise asyncio.CancelledError
        if self.outcomes[offset] == "crash":
            raise ZeroDivisionError

    def _key(self, offset: int) -> bytes | None:
        return next(record.key for record in self.started if record.message.offset == offset)

    async def through(self, records: list[FakeEvent], picks: list[int]) -> None:
        pool = self.pool()

        async def submit() -> None:
            for record in records:
                await pool.submit(record, self.work)

        submitting = asyncio.create_task(submit())
        turn = 0
        while not submitting.done() or pool.in_flight:
            for _ in range(4):
                await asyncio.sleep(0)
            gates = [gate for _, gate in sorted(self.running.items()) if not gate.done()]
            if gates:
                gates[picks[turn % len(picks)] % len(gates)].set_result(None)
                turn += 1
        await pool.drain()


def run(drawn, picks, **options) -> tuple[Run, list[FakeEvent]]:
    records = events_of(drawn)
    done = Run([outcome for *_, outcome in drawn], **options)
    asyncio.run(asyncio.wait_for(done.through(records, picks), 20))
    return done, records


def lines(records: list[FakeEvent]) -> dict[tuple[object, int | None], list[FakeEvent]]:
    by_line = defaultdict(list)
    for record in records:
        by_line[record.message.tp, record.message.generation_id].append(record)
    return by_line


@settings(deadline=None, max_examples=120)
@given(RECORDS, st.lists(st.integers(0, 9), min_size=1, max_size=20), AHEAD)
def test_whatever_the_order_of_completions_only_the_finished_head_of_each_line_is_acknowledged(drawn, picks, ahead):
    done, records = run(drawn, picks, ahead=ahead)
    acked, abandoned = lines(done.acked), lines(done.abandoned)

    for line, submitted in lines(records).items():
        assert acked[line] == submitted[: len(acked[line])]
        assert abandoned[line] == submitted[len(acked[line]) :]
        assert all(done.outcomes[record.message.offset] == "done" for record in acked[line])
        if "crash" not in done.outcomes:
            first_bad = [done.outcomes[record.message.offset] == "done" for record in submitted] + [False]
            assert len(acked[line]) == first_bad.index(False)


@settings(deadline=None, max_examples=120)
@given(RECORDS, st.lists(st.integers(0, 9), min_size=1, max_size=20), AHEAD)
def test_records_of_a_key_are_in_work_one_after_another_in_their_order_and_the_limit_holds(drawn, picks, ahead):
    done, _ = run(drawn, picks, ahead=ahead)

    assert not done.overlapping_keys
    assert done.most_running <= LIMIT
    for key in (b"a", b"b", b"c"):
        offsets = [record.message.offset for record in done.started if record.key == key]
        assert offsets == sorted(offsets)


@settings(deadline=None, max_examples=120)
@given(RECORDS, st.lists(st.integers(0, 9), min_size=1, max_size=20), AHEAD)
def test_a_crash_is_told_once_and_nothing_is_acknowledged_after_it(drawn, picks, ahead):
    done, _ = run(drawn, picks, ahead=ahead)

    assert len(done.crashes) <= 1
    assert bool(done.crashes) == any(done.outcomes[record.message.offset] == "crash" for record in done.started)
    assert done.acked_before_crash in {None, len(done.acked)}


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.integers(0, 7))
def test_when_an_acknowledgement_fails_nothing_behind_it_is_acknowledged(picks, failing):
    done, records = run([(0, 1, b"%d" % n, "done") for n in range(8)], picks, ack_fails_at=failing)

    assert done.acked == records[:failing]
    assert done.abandoned == records[failing:]
    assert [type(error) for error in done.crashes] == [OSError]


async def test_an_abandoned_generation_stays_abandoned_and_the_next_one_is_acknowledged():
    done = Run(["abandoned", "done", "done"])
    pool: OrderedPool[FakeEvent] = OrderedPool(done.ack, done.abandon, done.crash, LIMIT)
    for offset, generation in ((0, 1), (1, 1), (2, 2)):
        await pool.submit(event(offset=offset, generation_id=generation), done.work)
        await asyncio.sleep(0.001)
        for gate in done.running.values():
            gate.set_result(None)
        await pool.drain()

    await pool.submit(event(offset=3, generation_id=0), done.work)
    await pool.drain()

    assert [record.message.offset for record in done.acked] == [2]
    assert [record.message.offset for record in done.abandoned] == [0, 1, 3]
    assert [record.message.offset for record in done.started] == [0, 2]


async def test_a_record_that_waits_for_its_key_and_is_cancelled_holds_nobody_up():
    done = Run(["done"] * 3)
    pool: OrderedPool[FakeEvent] = OrderedPool(done.ack, done.abandon, done.crash, LIMIT)
    for offset, key in ((0, b"a"), (1, b"a"), (2, b"b")):
        await pool.submit(event(offset=offset, key=key), done.work)
    await asyncio.sleep(0)
    waiting = pool._tails[b"a"]
    waiting.cancel()
    await asyncio.wait([waiting])
    for gate in list(done.running.values()):
        gate.set_result(None)
    await pool.drain()

    assert [record.message.offset for record in done.acked] == [0]
    assert [record.message.offset for record in done.abandoned] == [1, 2]


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from([b"a", b"b", b"c"])), min_size=1, max_size=14),
    st.lists(st.sampled_from(["finish", "let go", "turn"]), max_size=30),
    AHEAD,
)
@example([(0, b"a"), (0, b"a")], ["finish"] * 3 + ["turn"] + ["finish"] * 3 + ["turn"], None)  # while it is settled
def test_whenever_work_is_let_go_only_the_finished_head_is_acknowledged_and_nothing_is_waited_for(drawn, moves, ahead):
    done = Run(["done"] * len(drawn), ahead=ahead)
    records = events_of([(partition, 1, key, "done") for partition, key in drawn])

    pool = done.pool()

    async def move_about() -> None:
        async def submit() -> None:
            for record in records:
                await pool.submit(record, done.work)

        submitting = asyncio.create_task(submit())
        for move in moves:
            if move == "finish" and done.running:
                gate = min(done.running.items())[1]
                gate.done() or gate.set_result(None)
            elif move == "let go":
                pool.let_go()
            else:
                await asyncio.sleep(0)
        while not submitting.done() or pool.in_flight:  # as a hand-over does
            pool.let_go()
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(move_about(), 20))
    acked, abandoned = lines(done.acked), lines(done.abandoned)
    for line, submitted in lines(records).items():
        assert acked[line] + abandoned[line] == submitted
    assert done.crashes == []
    assert (pool._lines, pool._tails, pool._waiting) == ({}, {}, {})


async def test_what_was_worked_off_leaves_nothing_behind():
    done = Run(["done", "abandoned"] * 50)
    pool: OrderedPool[FakeEvent] = OrderedPool(done.ack, done.abandon, done.crash, LIMIT)
    for number in range(100):
        await pool.submit(event(offset=number, key=b"%d" % number, generation_id=number), done.work)
        await asyncio.sleep(0)
        for gate in list(done.running.values()):
            gate.set_result(None)
    await pool.drain()

    assert (pool._lines, pool._tails, pool.in_flight, len(pool._broken)) == ({}, {}, 0, 1)


@settings(deadline=None, max_examples=50)
@given(st.permutations(range(LIMIT)))
def test_records_of_a_key_that_need_no_order_are_worked_on_at_once_and_acknowledged_in_order(ends):
    async def law() -> None:
        done = Run(["done"] * LIMIT)
        pool: OrderedPool[FakeEvent] = OrderedPool(done.ack, done.abandon, done.crash, LIMIT)
        for number in range(LIMIT):
            await pool.submit(event(offset=number, key=b"same"), done.work, in_order=False)
        await asyncio.sleep(0)
        assert len(done.running) == LIMIT
        for number in ends:
            done.running[number].set_result(None)
            await asyncio.sleep(0)
        await pool.drain()
        assert [record.message.offset for record in done.acked] == list(range(LIMIT))
        assert (pool._lines, pool._tails, pool._waiting) == ({}, {}, {})

    asyncio.run(law())


async def test_submit_waits_while_the_limit_is_in_work():
    done = Run(["done"] * 9)
    pool: OrderedPool[FakeEvent] = OrderedPool(done.ack, done.abandon, done.crash, LIMIT)
    for number in range(LIMIT):
        await pool.submit(event(offset=number, key=b"%d" % number), done.work)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pool.submit(event(offset=LIMIT, key=b"x"), done.work), 0.02)
    assert pool.in_flight == LIMIT
    for gate in list(done.running.values()):
        gate.set_result(None)
    await pool.drain()
    assert len(done.acked) == LIMIT
