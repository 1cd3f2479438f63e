from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.agents.aggregation import AggregationAgent
from signalstream.core.clock import BrokerClock
from signalstream.core.deadlines import Deadlines
from signalstream.core.merging import InsightState
from signalstream.core.windows import WindowPolicy
from signalstream.errors import BrokerUnavailableError, UndecodableError, UnprocessableError
from signalstream.models.conversation import ConversationState
from signalstream.models.erasure import ErasureMark
from signalstream.models.intelligence import Analysis, Insight
from signalstream.models.live import Update
from signalstream.models.messages import Channel
from signalstream.models.windows import Window, WindowCommand, WindowState
from signalstream.streaming.values import decode, encode
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import WindowTable, row_key
from tests.core.analyses import AGENTS, BEGIN, CONVERSATION, TENANT, analyses, analysis
from tests.fakes import FixedClock, RecordingOutbox
from tests.streaming.events import FakeEvent, event

KEY = f"{TENANT}/{CONVERSATION}".encode()
POLICY = WindowPolicy(seconds=10, grace_seconds=5, retention_seconds=100, per_conversation=3)
PATIENT = WindowPolicy(seconds=10, grace_seconds=10_000, retention_seconds=100, per_conversation=1_000)
MODERATE = settings(deadline=None, max_examples=100)


class CrashingRows(dict[bytes, bytes]):
    """Rows of a table; a write raises once ``writes_left`` has come to zero, after it was written or before."""

    writes_left: int | None = None
    written_first = False

    def __setitem__(self, key: bytes, value: bytes) -> None:
        if self._crashes() and not self.written_first:
            raise KeyboardInterrupt
        super().__setitem__(key, value)
        if self.writes_left == -1:
            raise KeyboardInterrupt

    def _crashes(self) -> bool:
        if self.writes_left is not None:
            self.writes_left -= 1
        return self.writes_left == -1


class Bench:
    """An aggregation agent over rows in memory; ``restart`` keeps the rows and forgets everything else."""

    def __init__(self, policy: WindowPolicy = POLICY) -> None:
        self.conversations, self.insights, self.windows = CrashingRows(), CrashingRows(), CrashingRows()
        self.policy = policy
        self.clock = FixedClock(BEGIN)
        self.outbox = RecordingOutbox()
        self.restart()

    def restart(self) -> None:
        for rows in (self.insights, self.windows):
            rows.writes_left = None
        self.outbox.failures.clear()
        self.deadlines = Deadlines()
        self.agent = AggregationAgent(
            conversations=TypedTable(self.conversations, ConversationState, "conversations"),
            insights=TypedTable(self.insights, InsightState, "insights"),
            windows=WindowTable(self.windows, self.deadlines),
            marks=TypedTable({}, ErasureMark, "erasures"),
            outbox=self.outbox,
            updates_topic="updates",
            commands_topic="commands",
            erasures_topic="erasures",
            agents=AGENTS,
            policy=self.policy,
            clock=BrokerClock(self.clock),
        )

    async def take(self, *made: Analysis) -> None:
        for one in made:
            await self.agent.step(of(one))

    async def command(self, command: Literal["close", "expire"], start: int) -> None:
        await self.agent.step(event(encode(WindowCommand(command=command, start=start)), key=KEY, topic="commands"))

    @property
    def row(self) -> InsightState:
        return decode(InsightState, self.insights[KEY])

    def window(self, start: int) -> WindowState:
        return decode(WindowState, self.windows[row_key(KEY, start)])

    def updates(self) -> list[Update]:
        return [decode(Update, sent.value) for sent in self.outbox.on("updates")]

    def told(self) -> list[Window]:
        return [update.window for update in self.updates() if update.window is not None]

    def shown(self) -> list[Insight]:
        return [update.insight for update in self.updates() if update.insight is not None]


def of(one: Analysis, **changes: Any) -> FakeEvent:
    return event(encode(one), **{"key": KEY, "topic": f"ai.{one.agent}"} | changes)


def at(seconds: float, agent: str = "sentiment", seq: int | None = None, **changes: Any) -> Analysis:
    """Return an analysis of a message that was written ``seconds`` after the beginning."""
    written = BEGIN + timedelta(seconds=seconds)
    fields = {"written_at": written, "received_at": max(written, BEGIN)}
    return analysis(agent, seq or int(seconds) + 1, **fields | changes)


def start(seconds: int) -> int:
    return int(BEGIN.timestamp()) + seconds


TIMED = st.lists(
    st.builds(
        lambda seconds, agent, status: at(seconds, agent, seconds % 97 + 1, status=status),
        st.integers(-60, 120),
        st.sampled_from(AGENTS),
        st.sampled_from(["ok", "failed"]),
    ),
    min_size=1,
    max_size=14,
)


async def test_an_analysis_becomes_the_conversations_insight_under_its_key_and_headers():
    bench = Bench()
    headers = [("x-request-id", b"r-1")]

    await bench.agent.step(of(analysis(variant=2), headers=headers))

    [sent] = bench.outbox.sent
    assert (sent.topic, sent.key, sent.headers) == ("updates", KEY, headers)
    [shown] = bench.shown()
    assert shown.sentiment is not None
    assert shown.sentiment.reasoning == "variant 2"
    assert (shown.completeness, shown.revision, shown.last_updated) == ("partial", 1, BEGIN)


@MODERATE
@given(TIMED, st.data())
def test_repeats_change_no_row_and_the_current_insight_is_sent_again(made, data):
    bench = Bench()
    asyncio.run(bench.take(*made))
    before = dict(bench.insights), dict(bench.windows)
    again = data.draw(st.lists(st.sampled_from(made), min_size=1, max_size=10))

    bench.restart()
    bench.outbox.sent.clear()
    asyncio.run(bench.take(*again))

    assert (bench.insights, bench.windows) == before
    assert [shown.revision for shown in bench.shown()] == [bench.row.revision] * len(again)
    assert bench.told() == []


async def with_crashes(bench: Bench, made: list[Analysis], crashes: list[tuple[str, int, bool] | None]) -> None:
    for one, crash in zip(made, crashes, strict=False):
        if crash is not None:
            where, after, written_first = crash
            if where == "sends":
                bench.outbox.failures = [BrokerUnavailableError("away")] if after == 0 else []
                if after:
                    bench.agent = bench.agent.__class__(**vars(bench.agent) | {"outbox": FailingLater(bench.outbox)})
            else:
                rows = bench.insights if where == "insights" else bench.windows
                rows.writes_left, rows.written_first = after, written_first
            with suppress(KeyboardInterrupt, BrokerUnavailableError):
                await bench.agent.step(of(one))
            bench.restart()
        await bench.agent.step(of(one))


class FailingLater:
    """An outbox that takes one record and then no more."""

    def __init__(self, outbox: RecordingOutbox) -> None:
        self._outbox = outbox

    async def send(self, topic: str, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
        await self._outbox.send(topic, key, value, headers)
        self._outbox.failures = [BrokerUnavailableError("away")]


CRASHES = st.lists(
    st.none()
    | st.tuples(st.sampled_from(["insights", "windows"]), st.integers(0, 1), st.booleans())
    | st.tuples(st.just("sends"), st.integers(0, 1), st.booleans()),
    min_size=14,
    max_size=14,
)


@settings(deadline=None, max_examples=150)
@given(TIMED, CRASHES)
def test_crashes_between_writes_and_sends_leave_the_rows_of_an_undisturbed_run_and_lose_no_update(made, crashes):
    calm, rough = Bench(), Bench()
    asyncio.run(calm.take(*made))

    asyncio.run(with_crashes(rough, made, crashes))

    assert rough.insights == calm.insights
    assert rough.windows == calm.windows
    assert rough.shown()[-1] == calm.shown()[-1]
    assert {window.model_dump_json() for window in rough.told()} >= {window.model_dump_json() for window in calm.told()}


@MODERATE
@given(TIMED.flatmap(lambda made: st.tuples(st.just(made), st.permutations(made + made[:5]))))
def test_while_no_window_closes_any_order_with_any_repeats_gives_the_same_picture_and_windows(orders):
    one, other = Bench(PATIENT), Bench(PATIENT)
    asyncio.run(one.take(*orders[0]))
    asyncio.run(other.take(*orders[1]))

    assert one.row.slots == other.row.slots
    assert (one.row.windows, one.row.open_windows) == (other.row.windows, other.row.open_windows)
    for each in one.row.windows:
        assert one.window(each).facts == other.window(each).facts


@MODERATE
@given(TIMED)
def test_every_analysis_is_in_exactly_one_window_as_a_fact_or_late(made):
    bench = Bench(WindowPolicy(10, 5, 100, 1_000))
    asyncio.run(bench.take(*made))

    places = [
        (agent, seq, state.start)
        for state in map(bench.window, bench.row.windows)
        for by_agent in (state.facts, state.late)
        for agent, seqs in by_agent.items()
        for seq in seqs
    ]
    wanted = {(one.agent, one.seq, int(one.written_at.timestamp()) // 10 * 10) for one in made}
    assert sorted(places) == sorted(wanted)


@MODERATE
@given(st.lists(analyses(), min_size=1, max_size=12), TIMED)
def test_the_sent_revision_never_falls_and_changes_with_the_picture(made, timed):
    bench = Bench()
    asyncio.run(bench.take(*made, *timed))

    shown = bench.shown()
    for before, after in pairwise(shown):
        assert after.revision >= before.revision
        assert after == before or after.revision > before.revision


@MODERATE
@given(st.lists(st.integers(-10_000_000, 10_000_000), min_size=1, max_size=20))
def test_far_past_and_far_future_times_keep_a_conversations_windows_bounded(times):
    bench = Bench()
    asyncio.run(bench.take(*(at(seconds, seq=number) for number, seconds in enumerate(times, 1))))

    assert len(bench.row.windows) <= POLICY.per_conversation
    assert set(bench.windows) == {row_key(KEY, each) for each in bench.row.windows}
    assert set(bench.row.open_windows) <= set(bench.row.windows)
    assert bench.row.watermark is not None
    assert bench.row.watermark <= BEGIN + timedelta(days=200)


async def test_a_window_closes_and_is_told_when_event_time_passes_its_end_and_grace():
    bench = Bench()

    await bench.take(at(1), at(14.9, seq=2))
    assert bench.told() == []
    await bench.take(at(15, seq=3))

    [told] = bench.told()
    assert (told.message_count, told.status, told.closed_by) == (1, "closed", "event_time")
    assert bench.window(start(0)).status == "closed"
    assert bench.row.open_windows == (start(10),)


async def test_an_analysis_after_the_closing_is_late_once_whatever_the_repeats():
    bench = Bench()
    await bench.take(at(1), at(30), at(1, "pii"), at(1, "pii"))

    assert bench.window(start(0)).late == {"pii": (2,)}
    assert bench.shown()[-1].pii is not None


async def test_a_window_whose_deadline_has_passed_is_closed_by_command_and_told_once_confirmed():
    bench = Bench()
    await bench.take(at(1))

    await bench.command("close", start(0))
    assert bench.told() == []
    bench.clock.time += timedelta(seconds=15)
    bench.outbox.failures.append(BrokerUnavailableError("away"))
    with pytest.raises(BrokerUnavailableError):
        await bench.command("close", start(0))
    bench.restart()
    await bench.command("close", start(0))
    await bench.command("close", start(0))

    [told] = bench.told()
    assert told.closed_by == "deadline"
    assert bench.row.open_windows == ()


async def test_closing_and_expiring_a_window_is_no_new_revision_of_the_insight():
    bench = Bench()
    await bench.take(at(1))
    revision = bench.row.revision

    bench.clock.time += timedelta(seconds=15)
    await bench.command("close", start(0))
    bench.clock.time += timedelta(seconds=100)
    await bench.command("expire", start(0))
    await bench.command("expire", start(0))

    assert bench.row.revision == revision
    assert (bench.row.windows, bench.windows) == ((), {})
    assert len(bench.deadlines) == 0


async def test_a_window_is_not_dropped_before_its_time():
    bench = Bench()
    await bench.take(at(1))

    await bench.command("expire", start(0))

    assert bench.row.windows == (start(0),)


async def test_a_window_that_no_row_knows_can_be_closed_and_dropped():
    bench = Bench()
    await bench.take(at(1))
    del bench.insights[KEY]
    bench.restart()

    bench.clock.time += timedelta(seconds=120)
    await bench.command("close", start(0))
    await bench.command("expire", start(0))

    assert (bench.windows, bench.insights) == ({}, {})


async def test_a_window_that_was_closed_between_two_crashes_is_told_when_its_analysis_comes_again():
    bench = Bench()
    await bench.take(at(1))
    del bench.insights[KEY]
    bench.restart()
    bench.clock.time += timedelta(seconds=15)
    bench.outbox.failures.append(BrokerUnavailableError("away"))
    with pytest.raises(BrokerUnavailableError):
        await bench.command("close", start(0))
    bench.restart()

    await bench.take(at(1), at(30))

    assert [(told.message_count, told.closed_by) for told in bench.told()] == [(1, "deadline")]


async def test_a_command_for_a_window_that_is_gone_does_nothing():
    bench = Bench()

    await bench.command("close", 0)
    await bench.command("expire", 0)

    assert (bench.outbox.sent, bench.insights, bench.windows) == ([], {}, {})


async def test_the_insight_knows_of_newer_messages_that_wait_for_their_analyses():
    bench = Bench()
    state = ConversationState(
        tenant_id=TENANT,
        conversation_id=CONVERSATION,
        channel=Channel.CHAT,
        first_message_at=BEGIN,
        last_message_at=BEGIN,
        last_seq=3,
    )
    bench.conversations[KEY] = encode(state)

    await bench.take(*(analysis(agent) for agent in AGENTS))

    shown = bench.shown()[-1]
    assert (shown.last_seq, shown.completeness, shown.agents["pii"].status) == (3, "partial", "pending")


@pytest.mark.parametrize(
    ("taken", "error"),
    [
        (event(b"{}", key=KEY, topic="ai.pii"), UndecodableError),
        (event(None, key=KEY, topic="ai.pii"), UndecodableError),
        (event(b"{}", key=KEY, topic="commands"), UndecodableError),
        (of(analysis(), key=b"nonsense"), UndecodableError),
        (of(analysis(), key=b"acme/another"), UnprocessableError),
        (of(analysis().model_copy(update={"result": {"sentiment": "delighted"}})), UnprocessableError),
    ],
)
async def test_what_is_no_analysis_of_its_conversation_changes_nothing(taken, error):
    bench = Bench()

    with pytest.raises(error):
        await bench.agent.step(taken)
    assert (bench.outbox.sent, bench.insights, bench.windows) == ([], {}, {})


async def test_nobody_is_told_before_the_changelogs_have_all_that_the_revision_counts():
    bench, arrived, asked = Bench(), asyncio.Event(), []

    def waits_as(name: str) -> Any:
        async def confirm(_: bytes) -> None:
            asked.append(name)
            await arrived.wait()

        return confirm

    bench.agent = replace(
        bench.agent,
        conversations=TypedTable(bench.conversations, ConversationState, "conversations", waits_as("conversations")),
    )
    taking = asyncio.create_task(bench.take(analysis(AGENTS[0], 1)))
    await asyncio.sleep(0.01)
    assert (asked, bench.updates()) == (["conversations"], [])
    arrived.set()
    await taking

    assert len(bench.shown()) == 1


async def test_an_analysis_is_acknowledged_only_when_its_windows_row_is_in_the_changelog_a_closed_one_too():
    bench, confirmed = Bench(), []

    async def confirm(key: bytes) -> None:
        confirmed.append(key)

    bench.agent = replace(bench.agent, windows=WindowTable(bench.windows, bench.deadlines, confirm))
    await bench.take(at(0), at(60))
    assert bench.window(start(0)).status == "closed"
    confirmed.clear()
    await bench.take(at(1))

    assert bench.window(start(0)).late == {"sentiment": (2,)}
    assert row_key(KEY, start(0)) in confirmed

    bench.clock.time = bench.window(start(0)).expires_at
    confirmed.clear()
    await bench.command("expire", start(0))
    assert row_key(KEY, start(0)) not in bench.windows
    assert row_key(KEY, start(0)) in confirmed
