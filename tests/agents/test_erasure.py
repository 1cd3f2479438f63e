"""The conversation agent and the aggregation agent together, over topics in memory, whatever order records take."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.agents.aggregation import AggregationAgent
from signalstream.agents.conversation import ConversationAgent
from signalstream.agents.erasure_sweep import ErasureSweep
from signalstream.core.clock import BrokerClock
from signalstream.core.conversation import Bounds
from signalstream.core.deadlines import Deadlines
from signalstream.core.keys import ConversationKey
from signalstream.core.merging import InsightState
from signalstream.core.windows import WindowPolicy
from signalstream.errors import BrokerUnavailableError, UndecodableError
from signalstream.models.conversation import ConversationState, Turn
from signalstream.models.erasure import ERASES, EraseConversation, ErasureCommand, ErasureMark
from signalstream.models.live import Update
from signalstream.models.windows import WindowState
from signalstream.streaming.values import decode, encode
from signalstream.tables.reader import TableReader
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import WindowTable, row_key
from tests.core.analyses import BEGIN, CONVERSATION, TENANT, analysis, message, nothing_found
from tests.fakes import FixedClock, RecordingOutbox
from tests.streaming.events import FakeEvent, event

KEY = ConversationKey(TENANT, CONVERSATION)
# Patient, for which analyses come too late for their window depends on the order by right.
POLICY = WindowPolicy(seconds=4, grace_seconds=10_000, retention_seconds=100, per_conversation=50)
KEPT = timedelta(days=31)
SHOWN = ("sentiment", "summary")


@dataclass
class Worker:
    """Both agents over rows that outlive it, the raw topic ``log``, and what they sent."""

    log: list[FakeEvent] = field(default_factory=list)
    rows: dict[str, dict[bytes, bytes]] = field(
        default_factory=lambda: {name: {} for name in ("conversations", "insights", "windows", "erasures")}
    )
    outbox: RecordingOutbox = field(default_factory=RecordingOutbox)
    dropped: list[str] = field(default_factory=list)
    clock: FixedClock = field(default_factory=lambda: FixedClock(BEGIN))

    def __post_init__(self) -> None:
        states = TypedTable(self.rows["conversations"], ConversationState, "conversations")
        insights = TypedTable(self.rows["insights"], InsightState, "insights")
        windows = WindowTable(self.rows["windows"], Deadlines())
        self.marks = TypedTable(self.rows["erasures"], ErasureMark, "erasures")
        self.joining = ConversationAgent(
            table=states,
            marks=self.marks,
            outbox=self.outbox,
            turns_topic="turns",
            erasures_topic="erasures",
            find=nothing_found,
            bounds=Bounds(50, 60_000, 20, 8_000),
            keep_marks=KEPT,
            dropped=self.dropped.append,
        )
        self.merging = AggregationAgent(
            conversations=states,
            insights=insights,
            windows=windows,
            marks=self.marks,
            outbox=self.outbox,
            updates_topic="updates",
            commands_topic="windows",
            erasures_topic="erasures",
            agents=SHOWN,
            policy=POLICY,
            clock=BrokerClock(self.clock),
            dropped=self.dropped.append,
        )
        self.reader = TableReader(states, insights, windows, self.marks, SHOWN, POLICY.seconds)

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=len(self.log))

    def post(self, number: int) -> None:
        at = self.now()
        self._append(encode(message(number, f"text-{len(self.log)}", written_at=at, received_at=at)), [])

    def ask_erasure(self) -> None:
        self._append(encode(EraseConversation()), [(ERASES, b"conversation")])

    def _append(self, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        place = {"offset": len(self.log), "timestamp": self.now().timestamp(), "headers": headers}
        self.log.append(event(value, key=KEY.encode(), topic="raw", **place))

    def turns(self) -> list[Turn]:
        return [decode(Turn, sent.value) for sent in self.outbox.on("turns")]

    def updates(self) -> list[Update]:
        return [decode(Update, sent.value) for sent in self.outbox.on("updates")]

    def of(self, turn: Turn, agent: str) -> FakeEvent:
        one = analysis(
            agent,
            turn.seq,
            generation=turn.generation,
            message_id=turn.message.message_id,
            written_at=turn.message.written_at,
            received_at=turn.message.received_at,
        )
        return event(encode(one), key=KEY.encode(), topic=f"ai.{agent}", timestamp=self.now().timestamp())

    def commands(self) -> list[FakeEvent]:
        at = self.now().timestamp()
        sent = self.outbox.on("erasures")
        return [event(each.value, key=KEY.encode(), topic="erasures", timestamp=at) for each in sent]

    def picture(self) -> tuple[Any, ...]:
        insight, timeline = self.reader.insight(KEY), self.reader.timeline(KEY)
        state = self.reader.conversation(KEY, 100)
        generation = decode(InsightState, self.rows["insights"][KEY.encode()]).generation if insight else 0
        return (
            state and (state.last_seq, [(kept.seq, kept.text) for kept in state.messages]),
            insight and (insight.last_seq, insight.revision > generation, insight.agents["summary"].based_on_seq),
            timeline and [(window.start, window.analyses) for window in timeline.windows],
        )


async def done(worker: Worker) -> Worker:
    """Take everything there is, in order, until nothing new comes of it."""
    for each in worker.log:
        await worker.joining.step(each)
    for turn in worker.turns():
        for agent in SHOWN:
            await worker.merging.step(worker.of(turn, agent))
    for command in worker.commands():
        await worker.merging.step(command)
    return worker


def after_the_last_erasure(log: list[FakeEvent]) -> list[FakeEvent]:
    last = max((number for number, each in enumerate(log) if each.message.headers), default=-1)
    return log[last + 1 :]


steps = st.lists(
    st.sampled_from(["post", "post", "post", "erase", "join", "join", "join", "analyse", "analyse", "obey", "restart"]),
    min_size=1,
    max_size=60,
)


@dataclass
class Course:
    """What happens to a worker, record by record: its place in the raw topic, and what it has acknowledged of it."""

    chance: Random
    worker: Worker = field(default_factory=Worker)
    position: int = 0
    committed: int = 0

    async def take(self, step: str) -> None:
        await getattr(self, step)()
        nothing_erased_is_shown(self.worker)

    async def post(self) -> None:
        self.worker.post(self.chance.randint(1, 6))  # the same message may come again, after an erasure too

    async def erase(self) -> None:
        self.worker.ask_erasure()

    async def join(self) -> None:
        for each in self.worker.log[self.position : self.position + 1]:
            await self.worker.joining.step(each)
            self.position += 1
            self.committed = self.chance.randint(self.committed, self.position)

    async def analyse(self) -> None:
        for turn in self.worker.turns() and [self.chance.choice(self.worker.turns())]:
            await self.worker.merging.step(self.worker.of(turn, self.chance.choice(SHOWN)))

    async def obey(self) -> None:
        for command in self.worker.commands() and [self.chance.choice(self.worker.commands())]:
            await self.worker.merging.step(command)

    async def restart(self) -> None:
        self.worker = Worker(self.worker.log, self.worker.rows, self.worker.outbox)
        self.position = self.committed

    async def finish(self) -> None:
        while self.position < len(self.worker.log):
            await self.join()
        made = [self.worker.of(turn, agent) for turn in self.worker.turns() for agent in SHOWN]
        rest = made + self.worker.commands()
        self.chance.shuffle(rest)
        for each in rest:
            await self.worker.merging.step(each)
            nothing_erased_is_shown(self.worker)


@settings(deadline=None, max_examples=200)
@given(steps, st.randoms(use_true_random=False))
def test_whatever_order_records_take_and_come_again_in_only_what_came_after_the_last_erasure_is_left(did, chance):
    async def law() -> None:
        course = Course(chance)
        for step in did:
            await course.take(step)
        await course.finish()
        worker = course.worker
        calm = await done(Worker(after_the_last_erasure(worker.log)))
        assert worker.picture() == calm.picture()
        assert set(worker.rows["windows"]) == set(calm.rows["windows"])
        assert set(worker.rows["insights"]) == set(calm.rows["insights"])
        told_of_nothing_erased(worker.updates())

    asyncio.run(law())


def nothing_erased_is_shown(worker: Worker) -> None:
    """Whatever the tables show was posted after the erasure that is marked."""
    mark = worker.marks.get(KEY.encode())
    if mark is None:
        return
    state, insight, timeline = (
        worker.reader.conversation(KEY, 100),
        worker.reader.insight(KEY),
        worker.reader.timeline(KEY),
    )
    for kept in state.messages if state else ():
        assert int(kept.text.removeprefix("text-")) > mark.offset
    assert insight is None or insight.revision >= mark.generation
    for window in timeline.windows if timeline else ():
        assert window.end > mark.erased_at


def told_of_nothing_erased(updates: list[Update]) -> None:
    """Once a live view was told of an erasure, it is shown nothing older."""
    gone = 0
    for update in updates:
        if update.kind == "erased":
            assert update.generation is not None
            gone = max(gone, update.generation)
        if update.insight is not None:
            assert update.insight.revision >= gone


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 8]), max_size=4), st.integers(1, 4))
def test_a_broker_that_goes_away_in_the_middle_of_an_erasure_changes_nothing_of_its_end(failing, messages):
    async def law() -> None:
        worker = Worker()
        for number in range(messages):
            worker.post(number)
        worker.ask_erasure()
        worker.post(99)
        calm = await done(Worker(list(worker.log)))
        for number, each in enumerate([*worker.log, *worker.log]):
            if number in failing:
                worker.outbox.failures = [BrokerUnavailableError("away")]
                with suppress(BrokerUnavailableError):  # a message that is dropped sends nothing that could fail
                    await worker.joining.step(each)
                worker.outbox.failures.clear()
                worker = Worker(worker.log, worker.rows, worker.outbox)
            await worker.joining.step(each)
        await done(worker)
        assert worker.picture() == calm.picture()

    asyncio.run(law())


async def test_a_conversation_begins_anew_with_number_one_and_revisions_that_no_client_has_seen() -> None:
    worker = Worker()
    for number in range(3):
        worker.post(number)
    await done(worker)
    before = worker.reader.insight(KEY)
    worker.ask_erasure()
    await done(worker)
    assert (worker.reader.insight(KEY), worker.reader.conversation(KEY, 9), worker.reader.timeline(KEY)) == (None,) * 3
    assert worker.rows["conversations"] == worker.rows["insights"] == worker.rows["windows"] == {}
    assert b"text-" not in b"".join(worker.rows["erasures"].values())
    worker.post(1)
    await done(worker)
    after = worker.reader.insight(KEY)
    assert (after.last_seq, after.agents["summary"].based_on_seq) == (1, 1)
    assert after.revision > before.revision + 1_000_000
    assert [turn.seq for turn in worker.turns() if turn.message.text == "text-4"] == [1]
    assert set(worker.dropped) == {"message", "analysis"}


async def test_a_live_view_hears_of_the_erasure_before_the_first_picture_of_the_new_beginning() -> None:
    worker = Worker()
    worker.post(1)
    await done(worker)
    worker.ask_erasure()
    worker.post(2)
    for each in worker.log[1:]:
        await worker.joining.step(each)
    told = len(worker.updates())
    await worker.merging.step(worker.of(worker.turns()[-1], "summary"))  # before the command has arrived
    kinds = [update.kind for update in worker.updates()[told:]]
    assert kinds[:2] == ["erased", "insight"]


async def test_the_mark_says_when_nobody_is_shown_anything_any_more() -> None:
    worker = Worker()
    worker.post(1)
    worker.ask_erasure()
    for each in worker.log:
        await worker.joining.step(each)
    assert worker.reader.erasure(KEY).told is False
    for command in worker.commands():
        await worker.merging.step(command)
    mark = worker.reader.erasure(KEY)
    assert (mark.told, mark.offset, mark.forget_at) == (True, 1, mark.erased_at + KEPT)


async def test_a_window_that_a_crash_left_behind_goes_with_the_analysis_that_comes_again() -> None:
    worker = Worker()
    worker.post(1)
    await worker.joining.step(worker.log[0])
    late = worker.of(worker.turns()[0], "sentiment")
    await worker.merging.step(late)
    left = dict(worker.rows["windows"])
    del worker.rows["insights"][KEY.encode()]  # its write was lost, the window's was not
    worker.ask_erasure()
    await worker.joining.step(worker.log[1])
    for command in worker.commands():
        await worker.merging.step(command)
    assert worker.rows["windows"] == left
    await worker.merging.step(late)
    assert worker.rows["windows"] == {}
    assert decode(WindowState, next(iter(left.values()))).generation == 0
    assert next(iter(left)).startswith(row_key(KEY.encode(), 0)[:-1])


async def test_a_mark_is_forgotten_once_no_topic_holds_anything_of_it_and_not_before() -> None:
    worker = Worker()
    worker.ask_erasure()
    await done(worker)
    mark = worker.reader.erasure(KEY)
    sweep = ErasureSweep(worker.marks, worker.outbox, "erasures", worker.clock)
    worker.clock.time = mark.forget_at - timedelta(seconds=1)
    assert await sweep.sweep() == 0
    worker.clock.time = mark.forget_at
    assert await sweep.sweep() == 1
    command = worker.commands()[-1].message
    early, late = (mark.forget_at + timedelta(seconds=n) for n in (-1, 1))
    await worker.merging.step(event(command.value, key=command.key, topic="erasures", timestamp=early.timestamp()))
    assert worker.reader.erasure(KEY) == mark
    other = encode(ErasureCommand(command="forget", generation=mark.generation - 1))
    await worker.merging.step(event(other, key=command.key, topic="erasures", timestamp=late.timestamp()))
    assert worker.reader.erasure(KEY) == mark
    await worker.merging.step(event(command.value, key=command.key, topic="erasures", timestamp=late.timestamp()))
    assert worker.rows["erasures"] == {}


async def test_a_request_that_is_none_becomes_a_dead_letter_and_erases_nothing() -> None:
    worker = Worker()
    worker.post(1)
    await worker.joining.step(worker.log[0])
    for value, key in ((b"{}x", KEY.encode()), (encode(EraseConversation()), b"no key")):
        broken = event(value, key=key, topic="raw", offset=1, headers=[(ERASES, b"")], timestamp=BEGIN.timestamp())
        with pytest.raises(UndecodableError):
            await worker.joining.step(broken)
    assert worker.reader.conversation(KEY, 9).message_count == 1
