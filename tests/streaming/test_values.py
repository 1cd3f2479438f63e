from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.errors import KeyDestroyedError, SealedError, UndecodableError
from signalstream.models.messages import Message
from signalstream.streaming.values import RecentlyRead, decode, encode
from tests.core.analyses import message
from tests.security.vaults import VaultTopic

CANARY = "canary9137"
WRONG = [
    (field, wrong)
    for field in sorted(Message.model_fields)
    for wrong in (CANARY, [CANARY], {CANARY: CANARY}, 10**400)
    if not (field in {"text", "conversation_id", "tenant_id", "original"} and wrong == CANARY)
    and not (field == "metadata" and isinstance(wrong, dict))
]


def record(value: bytes | None, topic: str = "turns", key: bytes = b"acme/c-1") -> Any:
    return SimpleNamespace(topic=topic, key=key, value=value)


def refusal(value: bytes | None) -> str:
    with pytest.raises(UndecodableError) as caught:
        decode(Message, value)
    return str(caught.value)


@settings(deadline=None, max_examples=150)
@given(st.text(min_size=1, max_size=200).filter(str.strip), st.dictionaries(st.text(max_size=9), st.none() | st.text()))
def test_a_message_survives_the_wire(text, metadata):
    sent = message(1, text, metadata=dict(list(metadata.items())[:32]))

    assert decode(Message, encode(sent)) == sent


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300))
def test_any_other_bytes_are_undecodable_and_nothing_else(value):
    assert "Message" in refusal(value)


def test_a_record_without_a_value_says_so():
    assert "no value" in refusal(None)


@pytest.mark.parametrize(
    ("field", "wrong"), WRONG, ids=[f"{field}-{number}" for number, (field, _) in enumerate(WRONG)]
)
def test_a_refusal_names_the_field_and_never_quotes_its_value(field, wrong):
    body = json.loads(encode(message())) | {field: wrong}
    said = refusal(json.dumps(body).encode())

    assert field in said or "json_invalid" in said
    assert CANARY not in said


def test_the_name_of_an_unknown_field_is_not_quoted_either():
    body = json.loads(encode(message())) | {f"my secret is {CANARY}": 1}

    assert "unknown field: extra_forbidden" in refusal(json.dumps(body).encode())
    assert CANARY not in refusal(json.dumps(body).encode())


def test_a_time_off_the_calendar_and_a_bottomless_value_are_undecodable_like_any_other():
    body = json.loads(encode(message())) | {"written_at": "0001-01-01T00:00:00+23:59"}

    assert "written_at" in refusal(json.dumps(body).encode())
    assert "json_invalid" in refusal(b"[" * 100_000)


def test_a_refusal_carries_no_cause_that_would_print_the_value():
    with pytest.raises(UndecodableError) as caught:
        decode(Message, json.dumps({"text": CANARY}).encode())

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_value_that_was_read_a_moment_ago_is_not_decoded_again_and_old_ones_are_forgotten():
    read = RecentlyRead(Message, size=2)
    records = [record(encode(message(number))) for number in range(3)]

    first = read(records[0])

    assert read(record(bytes(records[0].value))) is first
    assert [read(each) for each in records] == [decode(Message, each.value) for each in records]
    assert read(records[0]) is not first
    with pytest.raises(UndecodableError):
        read(record(None))
    with pytest.raises(UndecodableError):
        read(record(b"nonsense"))


async def test_a_record_that_was_moved_is_not_read_though_its_value_was_read_a_moment_ago():
    vault = VaultTopic().vault()
    await vault.prepare(b"acme/c-1")
    await vault.prepare(b"evil/c-1")
    read = RecentlyRead(Message, vault)
    here = record(vault.seal("turns", b"acme/c-1", encode(message())))
    assert read(here) == message()

    for moved in (record(here.value, key=b"evil/c-1"), record(here.value, topic="other")):
        with pytest.raises(SealedError):
            read(moved)


async def test_nothing_of_an_erased_tenant_is_read_from_memory():
    vault = VaultTopic().vault()
    await vault.prepare(b"acme/c-1")
    read = RecentlyRead(Message, vault)
    sealed = record(vault.seal("turns", b"acme/c-1", encode(message())))
    read(sealed)

    await vault.destroy("acme")

    with pytest.raises(KeyDestroyedError):
        read(sealed)
