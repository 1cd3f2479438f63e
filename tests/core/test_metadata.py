"""Metadata: what is found in names, texts and numbers at any depth leaves them, and nothing else changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from signalstream.ai.local.pii import PatternDetector
from signalstream.core.keys import ConversationKey
from signalstream.core.metadata import characters, without_personal_data
from signalstream.core.redaction import Span
from signalstream.core.sealing import UNSEALED
from signalstream.core.tags import KeyedTagger

TAG_OF = KeyedTagger(UNSEALED.secret_of).of(ConversationKey("acme", "c-1"))
PATTERNS = PatternDetector()
CARD, MAIL = "4111 1111 1111 1111", "jane@mail.example"
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-99, 99), st.sampled_from(["blue", "", "order 7", MAIL, f"card {CARD}"])
)
NAMES = st.sampled_from(["colour", "note", "a_b", MAIL])
NODES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=9,
)


def redacted(metadata: dict[str, Any]) -> dict[str, Any]:
    return without_personal_data(metadata, PATTERNS.find, TAG_OF)


def nothing(_text: str) -> Sequence[Span]:
    return ()


@given(st.dictionaries(NAMES, NODES, max_size=4))
def test_no_value_that_patterns_find_is_left_at_any_depth_and_a_repeat_changes_nothing(metadata):
    made = redacted(metadata)

    assert MAIL not in json.dumps(made)
    assert CARD not in json.dumps(made)
    assert without_personal_data(metadata, nothing, TAG_OF) == metadata
    assert characters(metadata) >= sum(len(name) for name in metadata)


@given(st.dictionaries(st.sampled_from(["colour", "note"]), st.sampled_from(["blue", True, None, 7, [1, {"a": "b"}]])))
def test_what_holds_no_personal_data_stays_as_it_was(metadata):
    assert redacted(metadata) == metadata


def test_a_number_that_is_a_card_becomes_its_tag():
    made = redacted({"paid with": 4111111111111111, "items": 12, "deep": [{"pan": [4111111111111111]}]})
    tag = f"[CREDIT_CARD:{TAG_OF('CREDIT_CARD', CARD)}]"
    assert made == {"paid with": tag, "items": 12, "deep": [{"pan": [tag]}]}


def test_a_name_says_what_its_value_is():
    made = redacted({"password": "hunter2-tango", "passport_number": "X1234567"})
    assert made["password"].startswith("[PASSWORD:")
    assert made["passport_number"].startswith("[PASSPORT:")


def test_a_name_that_is_a_value_leaves_too_and_a_value_has_one_tag_everywhere():
    made = redacted({MAIL: "seen", "by": MAIL.upper()})
    tag = f"[EMAIL:{TAG_OF('EMAIL', MAIL)}]"
    assert made == {tag: "seen", "by": tag}


def test_what_is_found_across_entries_is_cut_at_their_ends():
    def all_of_it(text: str) -> Sequence[Span]:
        return (Span(0, len(text), "name", "test", 1.0),)

    made = without_personal_data({"ab": "cd", "e": ["f", None]}, all_of_it, TAG_OF)
    assert "cd" not in json.dumps(made)
    assert all(name.startswith("[NAME:") for name in made)


def test_a_long_name_of_a_long_list_is_not_searched_again_with_each_value() -> None:
    assert characters({"x" * 9_000: [123] * 5_000}) < 300_000
    assert "tango" not in str(redacted({"x" * 9_000 + " password": ["hunter2-tango", "other-tango4"]}))


def test_a_name_that_says_nothing_is_searched_with_the_one_above_it() -> None:
    metadata = {"password": {"value": "hunter2-tango"}, "login": [{"passphrase": {"data": {"text": "tango-hunter4"}}}]}
    shown = redacted(metadata)
    assert "tango" not in str(shown)
    assert (list(shown), list(shown["password"])) == (["password", "login"], ["value"])
    assert redacted({"product": {"value": "blue kettle"}}) == {"product": {"value": "blue kettle"}}


def test_two_names_with_one_tag_keep_both_their_values() -> None:
    shown = redacted({MAIL: 1, MAIL.upper(): 2, "colour": 3})
    assert sorted(shown.values()) == [1, 2, 3]
    assert MAIL not in str(shown).lower()
