from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from signalstream.core.conversation import Bounds
from signalstream.core.merging import InsightState
from signalstream.core.rebuild import Comparison
from signalstream.core.windows import WindowPolicy
from signalstream.models.conversation import ConversationState
from signalstream.models.erasure import EraseConversation, ErasureMark
from signalstream.models.intelligence import Analysis
from signalstream.models.messages import Message
from signalstream.streaming.values import decode, encode
from signalstream.tables.replay import ChangedRows, Rebuilt, Replay, Tables
from signalstream.tables.rules import Rules
from signalstream.tables.settlement import IN_MOTION, Standing, settle
from signalstream.tables.windows import row_key
from tests.core.analyses import AGENTS, BEGIN, CONVERSATION, TENANT, analysis, message

KEY = f"{TENANT}/{CONVERSATION}".encode()
RULES = Rules(
    Bounds(50, 60_000, 20, 8_000), WindowPolicy(10, 5, 10_000, 100), lambda tenant, text: (), timedelta(days=31)
)
TOPICS = {agent: f"ai.{agent}" for agent in AGENTS}
LATER = BEGIN + timedelta(hours=1)
Record = tuple[str, Message | Analysis | EraseConversation, datetime]


def history(count: int = 6) -> list[Record]:
    """Return a conversation's records: messages three seconds apart, each with its four analyses a second later."""
    records: list[Record] = []
    for seq in range(1, count + 1):
        at = BEGIN + timedelta(seconds=3 * seq)
        records.append(("raw", message(seq, written_at=at, received_at=at), at))
        for agent in AGENTS:
            made = analysis(agent, seq, written_at=at, received_at=at, analysed_at=at + timedelta(seconds=1))
            records.append((TOPICS[agent], made, at + timedelta(seconds=1)))
    return records


def replayed(
    records: Iterable[Record], served: Tables | None = None, rebuilt: Rebuilt | None = None, cut: Iterable[str] = ()
) -> Replay:
    replay = Replay(served or Tables(), rebuilt or Rebuilt(), RULES, frozenset(cut), BEGIN)
    for offset, (topic, value, at) in enumerate(records):
        if isinstance(value, EraseConversation):
            replay.erasure(KEY, offset, at)
        elif isinstance(value, Message):
            replay.message(topic, KEY, encode(value), offset=offset, at=at)
        else:
            replay.analysis(topic, KEY, encode(value), at)
    return replay


def tables(rebuilt: Rebuilt) -> Tables:
    return Tables(
        dict(rebuilt.conversations),
        dict(rebuilt.insights),
        dict(rebuilt.windows),
        {KEY: BEGIN},
        dict(rebuilt.erasures),
    )


def settled(replay: Replay, resting: Iterable[str] = ("raw", *TOPICS.values()), at: datetime = LATER) -> Comparison:
    return settle(replay, Standing("raw", TOPICS, frozenset(resting), at))


@pytest.fixture
def served() -> Tables:
    return tables(replayed(history()).rebuilt)


def test_the_same_records_make_the_same_bytes(served: Tables) -> None:
    again = replayed(history(), served)
    found = settled(again)
    assert tables(again.rebuilt) == served
    assert (found.same, found.different, found.behind, found.served_messages) == (1, 0, 0, 6)
    assert found.agrees


def test_a_replay_that_was_interrupted_and_takes_records_again_comes_out_the_same(served: Tables) -> None:
    records = history()
    for end in range(len(records)):
        half = replayed(records[:end], served).rebuilt
        resumed = replayed(records[max(0, end - 7) :], served, half)
        settled(resumed)
        assert tables(resumed.rebuilt) == served, end


def test_a_picture_that_came_out_the_same_keeps_the_revision_that_clients_know(served: Tables) -> None:
    row = decode(InsightState, served.insights[KEY])
    served.insights[KEY] = encode(row.model_copy(update={"revision": 3, "last_updated": BEGIN}))
    again = replayed(history(), served)
    settled(again)
    assert again.rebuilt.insights[KEY] == served.insights[KEY]


def test_a_picture_that_differs_shows_a_revision_that_nobody_has_seen(served: Tables) -> None:
    row = decode(InsightState, served.insights[KEY]).model_copy(update={"revision": 500})
    worse = row.slots["summary"].newest.model_copy(update={"engine": "older"})
    slots = row.slots | {"summary": row.slots["summary"].model_copy(update={"newest": worse})}
    served.insights[KEY] = encode(row.model_copy(update={"slots": slots}))
    again = replayed(history(), served)
    found = settled(again)
    assert decode(InsightState, again.rebuilt.insights[KEY]).revision == 501
    assert (found.different, found.agrees, found.examples) == (1, False, ("acme/c-1 (different)",))


def test_a_conversation_whose_first_messages_are_gone_is_carried_over_and_goes_on(served: Tables) -> None:
    longer = tables(replayed(history(8)).rebuilt)
    again = replayed(history(8)[10:], longer, cut=["raw"])
    found = settled(again)
    assert (found.carried, found.same, again.rebuilt.carried) == (1, 1, {KEY})
    assert tables(again.rebuilt) == longer


def test_a_conversation_of_which_the_topics_hold_nothing_is_carried_over(served: Tables) -> None:
    again = replayed([], served, cut=["raw", *TOPICS.values()])
    found = settled(again)
    assert (found.carried, found.rebuilt_messages) == (1, 6)
    assert tables(again.rebuilt) == served


def test_a_conversation_whose_first_analyses_alone_are_gone_is_carried_over(served: Tables) -> None:
    records = [each for each in history() if each[0] != "ai.pii" or each[1].seq > 2]
    again = replayed(records, served, cut=["ai.pii"])
    assert settled(again).carried == 1
    assert tables(again.rebuilt) == served


def test_an_agent_whose_every_analysis_is_gone_is_carried_over(served: Tables) -> None:
    records = [each for each in history() if each[0] != "ai.summary"]
    again = replayed(records, served, cut=["ai.summary"])
    assert settled(again).carried == 1
    assert tables(again.rebuilt) == served


def test_what_is_on_its_way_is_neither_carried_over_nor_called_different(served: Tables) -> None:
    again = replayed(history()[:10], served, cut=["raw"])
    found = settled(again, resting=(), at=BEGIN + IN_MOTION / 2)
    assert (found.carried, found.behind, found.different) == (0, 1, 0)


def test_what_nothing_on_its_way_can_bring_is_called_different(served: Tables) -> None:
    found = settled(replayed(history()[:10], served))
    assert (found.behind, found.different) == (0, 1)


def test_a_row_that_can_be_neither_made_again_nor_read_is_said_to_be_lost(served: Tables) -> None:
    served.conversations[KEY] = b'{"v":2}'
    found = settled(replayed([], served, cut=["raw", *TOPICS.values()]))
    assert (found.unreadable, found.agrees, found.examples) == (1, False, ("acme/c-1 (unreadable)",))


def test_a_row_that_cannot_be_read_is_made_again_from_its_messages(served: Tables) -> None:
    before = served.conversations[KEY]
    served.conversations[KEY] = b'{"v":2}'
    again = replayed(history(), served)
    assert settled(again).unreadable == 0
    assert again.rebuilt.conversations[KEY] == before


def test_a_quiet_window_is_closed_when_its_deadline_passes_and_dropped_when_it_expires() -> None:
    replay = replayed(history(1))
    (start,) = decode(InsightState, replay.rebuilt.insights[KEY]).windows
    replay.close_due(BEGIN + timedelta(seconds=60))
    assert b'"closed"' in replay.rebuilt.windows[row_key(KEY, start)]
    assert decode(InsightState, replay.rebuilt.insights[KEY]).open_windows == ()
    replay.close_due(BEGIN + timedelta(seconds=20_000))
    assert dict(replay.rebuilt.windows) == {}
    assert decode(InsightState, replay.rebuilt.insights[KEY]).windows == ()


def test_records_that_no_version_can_take_are_counted_and_left_out(served: Tables) -> None:
    again = replayed(history(), served)
    again.message("raw", KEY, b"\xff", offset=0, at=LATER)
    again.message("raw", b"no-tenant", encode(message(9)), offset=1, at=LATER)
    again.analysis("ai.pii", KEY, None, BEGIN + timedelta(seconds=30))
    assert settled(again).put_aside == 3
    assert decode(ConversationState, again.rebuilt.conversations[KEY]).last_seq == 6


def test_only_rows_that_changed_are_written_and_removed_ones_leave_a_tombstone() -> None:
    rows = ChangedRows({b"a": b"1", b"b": b"2", b"c": b"3"})
    rows[b"a"] = b"1"
    rows[b"b"] = b"9"
    del rows[b"c"]
    assert rows.take_changes() == [(b"b", b"9"), (b"c", None)]
    assert rows.take_changes() == []


def test_comparisons_add_up_and_keep_a_few_examples() -> None:
    one: Any = Comparison(same=1, examples=("a", "b", "c"))
    total = one + Comparison(same=2, carried=1, examples=("d", "e", "f"))
    assert (total.same, total.carried, total.examples) == (3, 1, ("a", "b", "c", "d", "e"))


def test_the_deadlines_of_kept_windows_are_known_after_an_interruption() -> None:
    half = replayed(history(1)).rebuilt
    resumed = Replay(Tables(), half, RULES, frozenset(), BEGIN)
    assert len(half.windows) == 1
    resumed.close_due(BEGIN + timedelta(seconds=20_000))
    assert dict(half.windows) == {}


def erased_after(count: int, later: int) -> list[Record]:
    """Return a conversation's records: ``count`` messages, its erasure, and ``later`` messages of its new beginning."""
    at = BEGIN + timedelta(seconds=3 * count + 2)
    records: list[Record] = [*history(count), ("raw", EraseConversation(), at)]
    generation = int(at.timestamp() * 1000)
    for seq in range(1, later + 1):
        at += timedelta(seconds=3)
        records.append(("raw", message(100 + seq, written_at=at, received_at=at), at))
        for agent in AGENTS:
            made = analysis(agent, seq, generation=generation, written_at=at, received_at=at, analysed_at=at)
            records.append((TOPICS[agent], made, at))
    return records


def test_an_erasure_is_replayed_with_the_messages_that_it_lies_among() -> None:
    served = tables(replayed(erased_after(4, 2)).rebuilt)
    state = decode(ConversationState, served.conversations[KEY])
    assert (state.last_seq, [kept.seq for kept in state.recent]) == (2, [1, 2])
    again = replayed(erased_after(4, 2), served)
    found = settled(again)
    assert tables(again.rebuilt) == served
    assert (found.same, found.different, found.agrees) == (1, 0, True)


def test_a_replay_brings_no_erased_conversation_back_wherever_it_begins_and_whatever_retention_took() -> None:
    served = tables(replayed(erased_after(4, 0)).rebuilt)
    assert served.conversations == served.insights == served.windows == {}
    records = erased_after(4, 0)
    for taken in range(len(records)):
        kept = [each for number, each in enumerate(records) if number >= taken]
        half = Replay(served, Rebuilt(), RULES, frozenset(["raw", *TOPICS.values()]), BEGIN)
        for offset, (topic, value, at) in enumerate(kept, start=taken):
            if isinstance(value, Message):
                half.message(topic, KEY, encode(value), offset=offset, at=at)
            elif isinstance(value, Analysis):
                half.analysis(topic, KEY, encode(value), at)
        settled(half)
        assert tables(half.rebuilt).conversations == tables(half.rebuilt).insights == half.rebuilt.windows == {}
        assert half.rebuilt.erasures == served.erasures


def test_what_was_made_before_an_erasure_is_gone_with_the_next_round(served: Tables) -> None:
    half = replayed(history(4)).rebuilt
    done = tables(replayed(erased_after(4, 0)).rebuilt)
    half.windows.take_changes()
    windows = set(half.windows)
    again = replayed([], done, half)
    assert settled(again).agrees
    assert (again.rebuilt.conversations, again.rebuilt.insights, again.rebuilt.windows) == ({}, {}, {})
    assert {key for key, row in again.rebuilt.windows.take_changes() if row is None} == windows


def test_a_served_version_in_the_middle_of_an_erasure_shows_no_difference(served: Tables) -> None:
    half = tables(replayed(history(4)).rebuilt)  # marked, and the rows are still there
    mark = replayed(erased_after(4, 0)).rebuilt.erasures
    half.erasures.update(mark)
    again = replayed(history(4), half)
    assert settled(again).agrees
    assert again.rebuilt.conversations == {}
    assert decode(ErasureMark, again.rebuilt.erasures[KEY]).told is False


def test_a_request_to_erase_whose_key_is_none_is_put_aside() -> None:
    replay = replayed([])
    replay.erasure(b"no key", 3, BEGIN)
    assert replay.put_aside == 1
