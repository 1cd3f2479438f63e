"""Numbers of placeholders: the same value has the same one through a conversation, whoever asks, however often."""

from __future__ import annotations

import re
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.placeholders import (
    FIRST_UNKNOWN,
    MOST_VALUES,
    begun,
    learned,
    learned_tags,
    placeholders,
    redacted,
)
from signalstream.core.redaction import Span
from signalstream.models.conversation import KnownValues

MAILS = st.integers(0, 40).map(lambda number: f"user{number}@mail.example")
NUMBER = re.compile(r"_(\d+)\]")


def span(start: int, end: int, kind: str = "email") -> Span:
    return Span(start, end, kind, "test", 0.9)


def whole(value: str, kind: str = "email") -> tuple[str, list[Span]]:
    return value, [span(0, len(value), kind)]


def known(*values: str, salt: str = "s", kept: tuple[str, ...] = ()) -> KnownValues:
    state = KnownValues(salt=salt)
    for value in values:
        state = learned(state, *whole(value), kept)
    return state


def name_of(state: KnownValues, value: str, kind: str = "email") -> str:
    return placeholders(state, *whole(value, kind))[0]


def test_values_are_numbered_in_the_order_in_which_they_came() -> None:
    state = known("a@b.co", "c@d.co")
    assert [name_of(state, value) for value in ("c@d.co", "a@b.co")] == ["[EMAIL_2]", "[EMAIL_1]"]


def test_the_same_value_keeps_its_number_however_it_is_written() -> None:
    text = "4111-1111 and 4111 1111 and 4222"
    spans = (span(0, 9, "credit_card"), span(14, 23, "credit_card"), span(28, 32, "credit_card"))
    assert redacted(text, spans) == "[CREDIT_CARD_1] and [CREDIT_CARD_1] and [CREDIT_CARD_2]"


def test_kinds_have_numbers_of_their_own() -> None:
    assert redacted("a@b.co 5550", [span(0, 6), span(7, 11, "phone")]) == "[EMAIL_1] [PHONE_1]"


def test_offsets_count_code_points() -> None:
    assert redacted("😀😀 a@b.co 👩‍👩‍👧", [span(3, 9)]) == "😀😀 [EMAIL_1] 👩‍👩‍👧"


def test_a_number_that_somebody_wrote_is_not_given_out() -> None:
    assert redacted("[EMAIL_3] a@b.co", (span(10, 16),)) == "[EMAIL_3] [EMAIL_4]"
    state = learned(known(), "[EMAIL_1] is what you wrote", [])
    assert name_of(learned(state, *whole("a@b.co")), "a@b.co") == "[EMAIL_2]"


@given(st.lists(MAILS, max_size=30), st.lists(MAILS, max_size=30))
def test_a_later_message_renumbers_nothing(before: list[str], after: list[str]) -> None:
    early, late = known(*before), known(*before, *after)
    assert [name_of(early, value) for value in before] == [name_of(late, value) for value in before]


@given(st.lists(MAILS, max_size=30))
def test_learning_what_is_known_changes_nothing(values: list[str]) -> None:
    state = known(*values)
    for value in values:
        assert learned(state, *whole(value)) is state


@given(st.sets(MAILS, min_size=2))
def test_two_values_never_share_a_number_that_was_counted(values: set[str]) -> None:
    state = known(*values)
    assert len({name_of(state, value) for value in values}) == len(values)


def test_what_only_a_model_found_has_the_same_number_in_every_process_and_at_any_time() -> None:
    early, late = known(), known(*(f"user{number}@mail.example" for number in range(50)))
    first = name_of(early, "Jane Doe", "name")
    assert first == name_of(late, "jane  doe", "name") != name_of(late, "John Doe", "name")
    assert FIRST_UNKNOWN <= int(NUMBER.findall(first)[0]) < 100_000


def test_a_name_that_stood_in_the_conversation_before_a_pattern_found_it_keeps_the_number_it_had() -> None:
    before = name_of(known(), "Jane Doe", "name")
    state = learned(known(), *whole("Jane Doe", "name"), ("tell jane doe that",))
    assert name_of(state, "Jane Doe", "name") == before
    elsewhere = learned(known(), *whole("Ann", "name"), ("which channel",))
    assert name_of(elsewhere, "Ann", "name") == "[NAME_1]"


def test_a_conversation_remembers_a_bounded_number_of_values_and_numbers_the_rest_all_the_same() -> None:
    state = known(*(f"user{number}@mail.example" for number in range(2 * MOST_VALUES)))
    assert len(state.numbers) <= MOST_VALUES + 1
    assert len(state.model_dump_json()) < 8_000
    last = f"user{2 * MOST_VALUES - 1}@mail.example"
    assert name_of(state, last) == name_of(known(), last)


def test_no_value_is_in_what_a_conversation_remembers() -> None:
    assert "jane" not in known("jane@mail.example").model_dump_json().casefold()


def test_the_salt_follows_from_conversation_and_first_message_and_differs_between_conversations() -> None:
    salts = {
        begun(tenant, conversation, UUID(int=number)).salt
        for tenant in ("acme", "other")
        for conversation in ("c-1", "c-2")
        for number in (1, 2)
    }
    assert len(salts) == 8
    assert begun("acme", "c-1", UUID(int=1)) == begun("acme", "c-1", UUID(int=1))
    tags = [known("a@b.co", salt=salt).numbers.keys() - {"EMAIL"} for salt in salts]
    assert len({tag for each in tags for tag in each}) == 8


def test_a_thousand_placeholders_that_somebody_writes_fill_no_row() -> None:
    state = known()
    for page in range(3):
        state = learned_tags(state, [], "".join(f"[A{page}B{number}_1]" for number in range(1_000)))
    assert len(state.numbers) <= MOST_VALUES


def test_a_high_number_that_somebody_writes_brings_nobody_into_the_numbers_of_five_digits() -> None:
    state = learned_tags(known(), ["EMAIL:aaaaaaaa"], "[EMAIL_9999] and [EMAIL:aaaaaaaa]")
    assert state.numbers == {"EMAIL": FIRST_UNKNOWN - 1}
