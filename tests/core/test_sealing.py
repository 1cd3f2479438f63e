from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.keys import ConversationKey, is_conversation_id, is_tenant_id
from signalstream.core.sealing import (
    HEADER_BYTES,
    NOBODY,
    NONCE_BYTES,
    OVERHEAD_BYTES,
    UNSEALED,
    bound_to,
    header_of,
    is_sealed,
    owner_of,
    parse,
)
from signalstream.errors import KeyPendingError
from signalstream.models.messages import Message
from signalstream.streaming.values import encode
from tests.core.analyses import message

TENANTS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)
KEY_ID = bytes(range(8))


@given(TENANTS, st.text(min_size=1, max_size=40).filter(is_conversation_id), st.integers())
def test_the_key_of_a_conversation_and_of_its_windows_is_its_tenants(tenant, conversation, start):
    key = ConversationKey(tenant, conversation).encode()

    assert owner_of(key) == owner_of(key + b"\x00" + str(start).encode()) == tenant


@pytest.mark.parametrize("key", [None, b"", b"acme", b"/c-1", b"ACME/c-1", b"\xff/c-1", b"_/c-1", b"a" * 64 + b"/c"])
def test_what_names_no_tenant_is_nobodys_and_nobody_can_be_no_tenant(key):
    assert owner_of(key) == NOBODY
    assert not is_tenant_id(NOBODY)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_sealed_value_with_all_its_parts_or_none(value):
    sealed = parse(value)

    assert (sealed is not None) == (len(value) >= OVERHEAD_BYTES and value.startswith(b"\xf5S\x01"))


@given(st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES), st.binary(min_size=16, max_size=99))
def test_a_sealed_value_comes_apart_as_it_was_put_together(nonce, ciphertext):
    header = header_of(KEY_ID)

    assert len(header) == HEADER_BYTES
    assert parse(header + nonce + ciphertext) == (header, KEY_ID, nonce, ciphertext)


def test_a_value_in_the_clear_is_never_taken_for_a_sealed_one():
    assert not is_sealed(encode(message(1)))
    assert Message.model_validate_json(encode(message(1)))


@given(*[st.tuples(st.text(max_size=9), st.binary(max_size=9))] * 2)
def test_no_two_places_bind_a_seal_to_the_same(one, other):
    bound = bound_to(header_of(KEY_ID), *one) == bound_to(header_of(KEY_ID), *other)

    assert bound == (one == other)


def test_without_encryption_values_stay_as_they_are_and_a_sealed_one_is_waited_for_rather_than_put_aside():
    assert UNSEALED.open("raw", b"k", UNSEALED.seal("raw", b"k", b"{}")) == b"{}"
    with pytest.raises(KeyPendingError, match="SIGNALSTREAM_ENCRYPTION=required"):
        UNSEALED.open("raw", b"k", header_of(KEY_ID) + bytes(40))
