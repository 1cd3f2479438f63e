from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.api_key import ID_BYTES, SECRET_BYTES, is_key_id, looks_like_a_key, make_key, read_key

RANDOM = st.binary(min_size=ID_BYTES + SECRET_BYTES, max_size=ID_BYTES + SECRET_BYTES)


@given(RANDOM)
def test_a_key_is_read_back_whole_and_shows_its_id(random: bytes):
    key = make_key(random)

    assert read_key(key.text) == key
    assert is_key_id(key.key_id)
    assert key.text.startswith(f"signalstream_{key.key_id}_")
    assert looks_like_a_key(key.text)


@given(RANDOM, RANDOM)
def test_other_bits_are_another_key(one: bytes, other: bytes):
    assert (make_key(one).text == make_key(other).text) is (one == other)


@given(RANDOM, st.integers(0, 86), st.characters(codec="ascii"))
def test_one_mistyped_character_is_told_from_a_wrong_key(random: bytes, place: int, typed: str):
    text = make_key(random).text
    mistyped = text[:place] + typed + text[place + 1 :]

    assert len(text) == 87
    assert (read_key(mistyped) is None) is (mistyped != text)


@pytest.mark.parametrize("text", ["", "signalstream_", "Bearer", "signalstream_" + "a" * 13, "x" * 100_000])
def test_what_was_never_a_key_is_none(text: str):
    assert read_key(text) is None


def test_nothing_may_stand_around_a_key():
    text = make_key(bytes(40)).text

    assert [read_key(around) for around in (f" {text}", f"{text}\n", f"{text} ", text[:-1], text.upper())] == [None] * 5


def test_a_key_is_made_of_all_its_bits():
    with pytest.raises(ValueError, match="40 random bytes"):
        make_key(bytes(39))
