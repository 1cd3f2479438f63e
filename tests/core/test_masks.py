"""Masks: what analyses find later leaves the kept message too, in any order, and never comes back."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.conversation import Bounds, join
from signalstream.core.masks import masked
from signalstream.core.sealing import UNSEALED
from signalstream.core.tagged import tagged_message
from signalstream.core.tags import KeyedTagger
from signalstream.models.conversation import ConversationState
from signalstream.models.intelligence import Analysis
from tests.core.analyses import analysis, found, message, message_id, nothing_found

BOUNDS = Bounds(kept_messages=3, kept_characters=60_000, context_messages=20, context_characters=8_000)
TEXT = "Ann Lee writes from a@b.example about 12 Main Street"
PLACES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 60), st.sampled_from(["[NAME_1]", "[ADDRESS_20000]"])), max_size=6
)


def row(text: str = TEXT, *, tags: bool = True) -> ConversationState:
    find = found("a@b.example", "email")
    one = message(1, text)
    one = tagged_message(one, find, KeyedTagger(UNSEALED.secret_of)) if tags else one
    return join(None, one, find, BOUNDS).state


def pii(*places: tuple[int, int, str], seq: int = 1, **changes: Any) -> Analysis:
    entities = [
        {
            "type": "name",
            "value": "[REDACTED]",
            "start_index": start,
            "end_index": start + length,
            "placeholder": name,
            "confidence": 0.9,
            "detector": "rampart",
        }
        for start, length, name in places
    ]
    result = {"has_pii": True, "entities": entities, "redacted_text": "?"}
    return analysis("pii", seq, result=result, message_id=message_id(seq), **changes)


def text_of(state: ConversationState) -> str:
    return state.recent[0].text


def test_what_the_model_found_leaves_the_kept_message_too():
    for state in (row(), row(tags=False)):
        after = masked(state, [pii((0, 7, "[NAME_20001]"), (20, 11, "[EMAIL_1]"), (38, 14, "[ADDRESS_20002]"))])
        assert text_of(after) == "[NAME_20001] writes from [EMAIL_1] about [ADDRESS_20002]"


@given(PLACES, st.booleans(), st.sampled_from([TEXT, "a@b.example", "no mail"]))
def test_a_repeat_says_the_same_whatever_was_masked_since_and_another_text_does_not(places, tags, text):
    state = masked(row(text, tags=tags), [pii(*places)])

    for again, contradicts in ((text, False), (text + "!", True), ("Bob: " + text, True)):
        one = message(1, again)
        one = tagged_message(one, found("a@b.example", "email"), KeyedTagger(UNSEALED.secret_of)) if tags else one
        repeat = join(state, one, nothing_found, BOUNDS)
        assert (repeat.state is state, repeat.changed, repeat.contradicts) == (True, False, contradicts)


def test_what_reaches_over_a_mask_takes_its_name():
    assert text_of(masked(row(), [pii((15, 16, "[NAME_20001]"))])) == "Ann Lee writes [EMAIL_1] about 12 Main Street"


@given(st.lists(PLACES, max_size=4), st.randoms())
def test_any_order_of_analyses_masks_the_same_and_repeats_change_nothing(found_in, random):
    analyses = [pii(*places) for places in found_in]
    state = masked(row(), analyses)
    shuffled = [*analyses, *analyses]
    random.shuffle(shuffled)

    again = masked(row(), shuffled)

    def spots(one: ConversationState) -> list[tuple[int, int]]:
        return [(start, end) for start, end, _ in one.masks[1]]

    assert spots(again) == spots(state)
    assert masked(state, analyses) is state


@given(PLACES)
def test_what_no_mask_covers_stays_as_it_was_written(places):
    after = masked(row(), [pii(*places)])

    covered = {place for start, end, _ in after.masks[1] for place in range(start, end)}
    literal, written = text_of(after), 0
    shown = ""
    for start, end, length in after.masks[1]:
        shown += literal[: start - written]
        literal, written = literal[start - written + length :], end
    shown += literal
    assert shown == "".join(character for place, character in enumerate(TEXT) if place not in covered)


def test_other_turns_other_generations_and_rows_of_older_versions_are_left_alone():
    state, name = row(), (0, 7, "[NAME_20001]")
    old = state.model_copy(update={"masks": {}})
    assert masked(state, [pii(name, seq=2)]) is state
    assert masked(state, [pii(name, generation=5)]) is state
    assert masked(state, [analysis("sentiment", 1)]) is state
    assert masked(old, [pii(name)]) is old


def test_masks_go_with_the_messages_that_they_are_of():
    state = row()
    for number in range(2, 8):
        state = join(state, message(number), nothing_found, BOUNDS).state
    assert sorted(state.masks) == [kept.seq for kept in state.recent] == [5, 6, 7]
