from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.core import windows
from signalstream.core.deadlines import Deadlines
from signalstream.core.keys import ConversationKey, is_conversation_id
from signalstream.core.windows import WindowPolicy
from signalstream.errors import UndecodableError
from signalstream.tables.windows import WindowTable, due_at, parse_row_key, row_key
from tests.core.analyses import BEGIN, analysis

KEYS = st.builds(
    ConversationKey,
    st.from_regex(re.compile(r"[a-z0-9][a-z0-9_-]{0,5}"), fullmatch=True),
    st.text("-/0123456789aü \N{PILE OF POO}", min_size=1, max_size=12).filter(is_conversation_id),
)
STARTS = st.integers(-(10**11), 10**12)
POLICY = WindowPolicy(10, 5, 100, 5)
KEY = row_key(b"acme/c-1", 0)


@settings(deadline=None, max_examples=120)
@given(KEYS, STARTS)
def test_a_row_key_splits_into_conversation_and_start(key, start):
    assert parse_row_key(row_key(key.encode(), start)) == (key.encode(), start)


@settings(deadline=None, max_examples=120)
@given(st.lists(st.tuples(KEYS, STARTS), min_size=2, max_size=8, unique=True))
def test_no_two_windows_share_a_row(pairs):
    assert len({row_key(key.encode(), start) for key, start in pairs}) == len(pairs)


@pytest.mark.parametrize(
    "key", [b"", b"acme/c-1", b"acme/c-1\x00", b"acme/c-1\x00x", b"a\x00--1", b"a\x00+1", b"a\x001 "]
)
def test_another_key_is_undecodable(key):
    with pytest.raises(UndecodableError):
        parse_row_key(key)


def test_the_index_follows_the_rows():
    deadlines = Deadlines()
    table = WindowTable({}, deadlines)
    state = windows.opened(analysis(), BEGIN, POLICY)

    table.put(KEY, state)
    assert due_at(state) == BEGIN + timedelta(seconds=15)
    assert deadlines.due(state.deadline - timedelta(milliseconds=1)) == []
    table.put(KEY, windows.close(state, "deadline"))
    assert deadlines.due(state.deadline) == []
    assert deadlines.due(state.expires_at) == [KEY]


def test_a_removed_row_is_never_due():
    deadlines = Deadlines()
    table = WindowTable({}, deadlines)
    state = windows.opened(analysis(), BEGIN, POLICY)

    table.put(KEY, state)
    table.remove(KEY)

    assert deadlines.due(state.expires_at) == []
    assert table.get(KEY) is None
