from __future__ import annotations

from signalstream.core import merging, windows
from signalstream.core.conversation import Bounds, join
from signalstream.core.deadlines import Deadlines
from signalstream.core.keys import ConversationKey
from signalstream.core.merging import InsightState
from signalstream.core.windows import WindowPolicy
from signalstream.models.conversation import ConversationState
from signalstream.models.erasure import ErasureMark
from signalstream.tables.reader import TableReader
from signalstream.tables.typed import TypedTable
from signalstream.tables.windows import WindowTable, row_key
from tests.core.analyses import AGENTS, BEGIN, CONVERSATION, TENANT, analysis, found, message

KEY = ConversationKey(TENANT, CONVERSATION)
POLICY = WindowPolicy(10, 5, 100, 5)


def reader() -> TableReader:
    return TableReader(
        TypedTable({}, ConversationState, "conversations"),
        TypedTable({}, InsightState, "insights"),
        WindowTable({}, Deadlines()),
        TypedTable({}, ErasureMark, "erasures"),
        AGENTS,
        10,
    )


def with_messages(tables: TableReader, count: int) -> TableReader:
    state = None
    for number in range(1, count + 1):
        state = join(state, message(number, "secret"), found("secret", "password"), Bounds(50, 1_000, 5, 100)).state
    assert state is not None
    tables.conversations.put(KEY.encode(), state)
    return tables


def test_a_conversation_that_was_never_seen_is_none_everywhere():
    tables = reader()

    assert (tables.insight(KEY), tables.conversation(KEY, 5), tables.timeline(KEY)) == (None, None, None)


def test_a_conversation_without_analyses_has_an_empty_picture_and_an_empty_timeline():
    tables = with_messages(reader(), 2)

    insight, timeline = tables.insight(KEY), tables.timeline(KEY)

    assert insight is not None
    assert timeline is not None
    assert (insight.completeness, insight.last_seq, insight.sentiment, insight.revision) == ("none", 2, None, 2)
    assert {status.status for status in insight.agents.values()} == {"pending"}
    assert timeline.windows == ()


def test_a_picture_knows_of_messages_that_wait_for_their_analyses():
    tables = with_messages(reader(), 3)
    row = merging.merge(InsightState(**KEY._asdict()), [analysis(agent) for agent in AGENTS])
    tables.insights.put(KEY.encode(), merging.revised(row, BEGIN))

    insight = tables.insight(KEY)

    assert insight is not None
    assert (insight.completeness, insight.last_seq, insight.revision) == ("partial", 3, 4)


def test_a_conversation_is_shown_redacted_with_at_most_the_limit():
    shown = with_messages(reader(), 3).conversation(KEY, 2)

    assert shown is not None
    assert [(kept.seq, kept.text) for kept in shown.messages] == [(2, "[PASSWORD_1]"), (3, "[PASSWORD_1]")]


def test_a_timeline_shows_the_windows_of_the_row_oldest_first_without_those_that_expired():
    tables = reader()
    states = [windows.add(windows.opened(made, BEGIN, POLICY), made) for made in (analysis(seq=25), analysis(seq=3))]
    starts = sorted(state.start for state in states)
    tables.insights.put(KEY.encode(), merging.with_windows(InsightState(**KEY._asdict()), (0, *starts), ()))
    for state in states:
        tables.windows.put(row_key(KEY.encode(), state.start), state)

    timeline = tables.timeline(KEY)

    assert timeline is not None
    assert [int(window.start.timestamp()) for window in timeline.windows] == starts
    assert timeline.window_seconds == 10
