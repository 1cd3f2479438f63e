from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.core.keys import ConversationKey, is_conversation_id, is_tenant_id, parse_key
from signalstream.errors import UndecodableError

MODERATE = settings(deadline=None, max_examples=150)
TENANTS = st.from_regex(re.compile(r"[a-z0-9][a-z0-9_-]{0,62}"), fullmatch=True)
CONVERSATIONS = st.text(min_size=1, max_size=128).filter(is_conversation_id)


@MODERATE
@given(TENANTS, CONVERSATIONS)
def test_a_key_splits_into_what_it_was_made_of(tenant, conversation):
    key = ConversationKey(tenant, conversation)

    assert parse_key(key.encode()) == key


@MODERATE
@given(st.lists(st.tuples(TENANTS, st.text("/ab ü", min_size=1, max_size=5)), min_size=2, max_size=2, unique=True))
def test_no_two_conversations_share_a_key(pairs):
    one, other = (ConversationKey(*pair).encode() for pair in pairs)

    assert one != other


@MODERATE
@given(st.binary(max_size=200) | st.tuples(TENANTS, CONVERSATIONS).map(lambda pair: "/".join(pair).encode()))
def test_any_bytes_are_a_key_or_are_undecodable_and_nothing_else(key):
    parsed = None
    with suppress(UndecodableError):
        parsed = parse_key(key)

    assert parsed is None or parsed.encode() == key


def test_a_refused_key_is_not_quoted():
    with pytest.raises(UndecodableError) as caught:
        parse_key(b"canary9137 without a slash")

    assert "canary9137" not in str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        None,
        b"",
        b"tenant",
        b"/c",
        b"tenant/",
        b"Tenant/c",
        b"-t/c",
        b"t\n/c",
        b"t/c\n",
        b"t/c\x00",
        b"t/\xff",
        b"t/\xed\xa0\x80",
        b'"t/c"',
        b"t/" + b"x" * 129,
        b"t" * 64 + b"/c",
    ],
)
def test_a_key_that_no_part_of_this_program_writes_is_refused(key):
    with pytest.raises(UndecodableError, match="key"):
        parse_key(key)


@pytest.mark.parametrize(("value", "may"), [("a", True), ("a\n", False), ("", False), ("ä", False), ("0_-", True)])
def test_a_tenant_id_is_short_lower_case_and_plain(value, may):
    assert is_tenant_id(value) is may


@pytest.mark.parametrize(("value", "may"), [("ü/ 1", True), ("", False), ("a\u200b", False), ("\ud800", False)])
def test_a_conversation_id_is_any_printable_text(value, may):
    assert is_conversation_id(value) is may
