from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.agents.conversation import ConversationAgent
from signalstream.core.conversation import Bounds
from signalstream.errors import BrokerUnavailableError, UndecodableError, UnprocessableError
from signalstream.models.conversation import ConversationState, Turn
from signalstream.models.erasure import ErasureMark
from signalstream.models.messages import Message
from signalstream.streaming.values import MAX_VALUE_BYTES, decode, encode
from signalstream.tables.typed import TypedTable
from tests.core.analyses import found, message
from tests.fakes import RecordingOutbox
from tests.streaming.events import FakeEvent, event

KEY = b"acme/c-1"
BOUNDS = Bounds(kept_messages=5, kept_characters=1_000, context_messages=3, context_characters=500)


def agent(rows: dict[bytes, bytes], outbox: RecordingOutbox) -> ConversationAgent:
    table = TypedTable(rows, ConversationState, "conversations")
    return ConversationAgent(
        table=table,
        marks=TypedTable({}, ErasureMark, "erasures"),
        outbox=outbox,
        turns_topic="turns",
        erasures_topic="erasures",
        find=found("4111", "card"),
        bounds=BOUNDS,
        keep_marks=timedelta(days=31),
    )


async def test_analyses_may_begin_before_a_turn_is_sent_with_the_text_that_it_will_have() -> None:
    outbox, foreseen = RecordingOutbox(), list[tuple[str, int]]()

    def foresee(turn: Turn) -> None:
        foreseen.append((turn.message.text, len(outbox.sent)))

    await replace(agent({}, outbox), foresee=foresee).step(of(message(1, "my card: 4111")))

    assert foreseen == [("my card: [CARD_1]", 0)]


def of(one: Message, key: bytes = KEY) -> FakeEvent:
    return event(encode(one), key=key, topic="raw", headers=[("x-request-id", b"r-1")])


def turns(outbox: RecordingOutbox) -> list[Turn]:
    return [decode(Turn, sent.value) for sent in outbox.on("turns")]


async def test_a_message_that_was_never_redacted_becomes_a_redacted_turn_and_row_under_its_key_and_headers():
    rows: dict[bytes, bytes] = {}
    outbox = RecordingOutbox()

    await agent(rows, outbox).step(of(message(1, "my card: 4111")))

    [sent] = outbox.sent
    assert (sent.key, sent.headers) == (KEY, [("x-request-id", b"r-1")])
    assert (turns(outbox)[0].seq, turns(outbox)[0].message.text) == (1, "my card: [CARD_1]")
    assert b"4111" not in rows[KEY]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.integers(1, 8), st.sampled_from(["", "row", "send"])), min_size=1, max_size=20))
def test_redeliveries_and_crashes_leave_the_rows_of_an_undisturbed_run_and_lose_no_turn(steps):
    calm_rows, rough_rows = {}, {}
    calm, rough = RecordingOutbox(), RecordingOutbox()
    quiet = agent(calm_rows, calm)
    for number, crash in steps:
        asyncio.run(quiet.step(of(message(number))))
        if crash:
            rough.failures = [BrokerUnavailableError("away")]
            with pytest.raises(BrokerUnavailableError):
                asyncio.run(agent(rough_rows, rough).step(of(message(number))))
        asyncio.run(agent(rough_rows, rough).step(of(message(number))))

    assert rough_rows == calm_rows
    assert turns(rough) == turns(calm)
    numbers = {turn.message.message_id: turn.seq for turn in turns(calm)}
    assert sorted(numbers.values()) == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(
    ("taken", "error"),
    [
        (event(b"\xff", key=KEY), UndecodableError),
        (event(None, key=KEY), UndecodableError),
        (of(message(), key=b"no slash"), UndecodableError),
        (of(message(), key=b"other/c-1"), UnprocessableError),
    ],
)
async def test_what_is_no_message_of_its_conversation_changes_nothing(taken, error):
    rows: dict[bytes, bytes] = {}
    outbox = RecordingOutbox()

    with pytest.raises(error):
        await agent(rows, outbox).step(taken)
    assert (rows, outbox.sent) == ({}, [])


async def test_of_two_messages_with_one_id_the_first_counts_and_a_real_repeat_is_sent_again():
    rows: dict[bytes, bytes] = {}
    outbox = RecordingOutbox()
    joining = agent(rows, outbox)
    for text in ("my card: 4111", "all is well", "my card: 4111"):
        await joining.step(of(message(1, text)))

    assert [turn.message.text for turn in turns(outbox)] == ["my card: [CARD_1]"] * 2
    assert decode(ConversationState, rows[KEY]).message_count == 1


async def test_a_row_that_would_be_too_large_is_refused_and_the_old_one_stays():
    rows: dict[bytes, bytes] = {}
    outbox = RecordingOutbox()
    roomy = replace(agent(rows, outbox), bounds=replace(BOUNDS, kept_messages=100, kept_characters=1_000_000))
    long = "\N{PILE OF POO}" * 10_000
    fitting = MAX_VALUE_BYTES // len(encode(message(1, long)))
    for number in range(1, fitting + 1):
        await roomy.step(of(message(number, long)))
    kept = dict(rows)

    with pytest.raises(UnprocessableError, match="conversations"):
        await roomy.step(of(message(fitting + 1, long)))
    assert (rows, len(outbox.sent)) == (kept, fitting)
