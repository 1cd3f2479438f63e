"""Tags and places: what is found leaves the text, keeps its tag and its number, and is found back where it stood."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.conversation import Bounds, join
from signalstream.core.keys import ConversationKey
from signalstream.core.placeholders import FIRST_UNKNOWN
from signalstream.core.redaction import PLACEHOLDER, Span, apply_spans
from signalstream.core.sealing import UNSEALED
from signalstream.core.tagged import WayBack, names_of, numbered, places, tagged, tagged_message, tags_of, values_of
from signalstream.core.tags import KeyedTagger
from signalstream.errors import UnprocessableError
from signalstream.models.conversation import ConversationState, KnownValues
from tests.core.analyses import found, message, nothing_found

BOUNDS = Bounds(kept_messages=50, kept_characters=60_000, context_messages=20, context_characters=8_000)
KEY = ConversationKey("acme", "c-1")
TAGGER = KeyedTagger(UNSEALED.secret_of)
TAG_OF = TAGGER.of(KEY)
PIECES = st.lists(
    st.tuples(st.text("ab 🙂[]_:1E", max_size=8), st.sampled_from(["a@b.example", "c@d.example", "4111 1111", "Ann"])),
    max_size=8,
)
KINDS = {"a@b.example": "email", "c@d.example": "email", "4111 1111": "credit_card", "Ann": "name"}


def written(pieces: Sequence[tuple[str, str]]) -> tuple[str, list[Span]]:
    text, spans = "", []
    for filler, value in pieces:
        text += filler
        spans.append(Span(len(text), len(text) + len(value), KINDS[value], "test", 0.9))
        text += value
    return text, spans


def joined(texts: Sequence[str], value: str, kind: str) -> tuple[ConversationState, list[str]]:
    state, shown = None, []
    for number, text in enumerate(texts, 1):
        one = tagged_message(message(number, text), found(value, kind), TAGGER)
        made = join(state, one, nothing_found, BOUNDS)
        state = made.state
        shown.append(made.turn.message.text)
    assert state is not None
    return state, shown


@given(PIECES)
def test_no_value_that_was_found_is_left_and_everything_else_is(pieces):
    text, spans = written(pieces)

    made = tagged(text, spans, TAG_OF)

    literal = made.text
    for tag in tags_of(made.found):
        literal = literal.replace(tag, "", 1)
    fillers = "".join(filler for filler, _ in pieces)
    assert sorted(literal) == sorted(fillers)
    assert "@" not in made.text
    assert "4111" not in made.text


@given(PIECES)
def test_tags_stand_where_the_findings_say_and_lead_back_to_what_was_written(pieces):
    text, spans = written(pieces)
    made = tagged(text, spans, TAG_OF)

    names = tags_of(made.found)
    stand = places(made.found, names)

    assert [made.text[place.start : place.end] for place in stand] == list(names)
    back = WayBack(made.found, stand)
    assert [back.origin(place) for place in stand] == [(span.start, span.end) for span in spans]


@given(PIECES, st.data())
def test_every_place_between_what_was_found_leads_back_to_the_same_text(pieces, data):
    text, spans = written(pieces)
    made = tagged(text, spans, TAG_OF)
    stand = places(made.found, tags_of(made.found))
    gaps = [(0, stand[0].start)] if stand else [(0, len(made.text))]
    gaps += [(one.end, other.start) for one, other in pairwise(stand)]
    begin, end = data.draw(st.sampled_from(gaps))
    start = data.draw(st.integers(begin, end))
    stop = data.draw(st.integers(start, end))

    first, last = WayBack(made.found, stand).origin(Span(start, stop, "name", "test", 1.0))

    if start < stop:
        assert text[first:last] == made.text[start:stop]


@given(PIECES)
def test_numbers_take_the_place_of_tags_and_equal_values_get_equal_ones(pieces):
    text, spans = written(pieces)
    one = message(1, "x").model_copy(update=tagged(text, spans, TAG_OF)._asdict())
    if not one.text.strip():
        return

    turn = join(None, one, nothing_found, BOUNDS).turn

    names = names_of(turn.message.found, turn.known)
    assert turn.message.text == apply_spans(text, spans, names)
    pairs = {(KINDS[value], value, name) for (_, value), name in zip(pieces, names, strict=True)}
    assert len(pairs) == len({value for _, _, value in pairs}) == len({value for _, value in pieces})


def test_the_same_value_has_the_same_tag_in_a_conversation_however_it_is_written_and_another_elsewhere():
    assert TAG_OF("CREDIT_CARD", "4111-1111") == TAG_OF("CREDIT_CARD", "4111 1111")
    others = {
        TAGGER.of(ConversationKey("acme", "c-2"))("CREDIT_CARD", "4111 1111"),
        TAGGER.of(ConversationKey("other", "c-1"))("CREDIT_CARD", "4111 1111"),
        TAG_OF("PHONE", "4111 1111"),
        TAG_OF("CREDIT_CARD", "4222 1111"),
    }
    assert len(others | {TAG_OF("CREDIT_CARD", "4111 1111")}) == 5


def test_a_value_keeps_its_number_through_a_conversation():
    _, shown = joined(["mail a@b.example", "still a@b.example"], "a@b.example", "email")
    assert shown == ["mail [EMAIL_1]", "still [EMAIL_1]"]


def test_what_somebody_writes_that_looks_like_a_tag_stays_text_and_a_placeholder_s_number_is_not_given_out():
    forged = f"[EMAIL:{TAG_OF('EMAIL', 'a@b.example')}] and [EMAIL_1]"
    _, shown = joined([forged, "a@b.example"], "a@b.example", "email")
    assert shown == [forged, "[EMAIL_2]"]


def test_who_types_a_placeholder_that_a_value_has_gets_round_brackets_and_never_the_value():
    state, shown = joined(["mail a@b.example", "is [EMAIL_1] or a@b.example mine? [EMAIL_2]"], "a@b.example", "email")
    assert shown[1] == "is (EMAIL_1) or [EMAIL_1] mine? [EMAIL_2]"
    assert state.recent[1].text == shown[1]
    without_any = tagged_message(message(3, "[EMAIL_1]!"), nothing_found, TAGGER)
    assert join(state, without_any, nothing_found, BOUNDS).turn.message.text == "(EMAIL_1)!"


@given(st.lists(st.sampled_from(["[EMAIL_1]", "[EMAIL_2]", "a@b.example", "c@d.example", "x"]), min_size=1, max_size=8))
def test_a_placeholder_in_a_conversation_stands_for_one_thing_alone(texts):
    def mails(_tenant: str, text: str) -> tuple[Span, ...]:
        return (Span(0, len(text), "email", "test", 1.0),) if "@" in text else ()

    state, meant = None, {}
    sent = [tagged_message(message(number, text), mails, TAGGER) for number, text in enumerate(texts)]
    for one, text in zip(sent, texts, strict=True):
        made = join(state, one, nothing_found, BOUNDS)
        state = made.state
        assert meant.setdefault(made.turn.message.text, text) == text
    assert state is not None
    for one, kept in zip(sent, state.recent, strict=True):  # delivered again
        assert join(state, one, nothing_found, BOUNDS).turn.message.text == kept.text


def test_a_value_that_a_model_found_first_keeps_the_number_that_it_was_given():
    own = PLACEHOLDER.fullmatch(names_of(tagged("Ann", [Span(0, 3, "name", "t", 1)], TAG_OF).found, KnownValues())[0])
    assert own is not None
    assert int(own[2]) >= FIRST_UNKNOWN
    _, shown = joined([f"{own[0]} waits", "I am Ann"], "Ann", "name")
    assert shown[1] == f"I am {own[0]}"


def test_a_text_without_the_tags_that_it_claims_is_refused():
    one = tagged_message(message(1, "mail a@b.example"), found("a@b.example", "email"), TAGGER)
    with pytest.raises(UnprocessableError, match="no tags"):
        numbered(one.model_copy(update={"text": "mail a@b.example"}), KnownValues())


def test_no_value_is_in_what_is_kept_and_a_second_redaction_changes_nothing():
    one = tagged_message(message(1, "mail a@b.example"), found("a@b.example", "email"), TAGGER)
    assert "a@b" not in one.model_dump_json()
    assert re.fullmatch(r"mail \[EMAIL:[a-z2-7]{8}\]", one.text)
    assert tagged_message(one, found("mail", "name"), TAGGER) is one


def test_placeholders_lead_to_their_values_for_whoever_has_the_original():
    one = tagged_message(message(1, "mail a@b.example"), found("a@b.example", "email"), TAGGER)
    state = join(None, one, nothing_found, BOUNDS).state
    assert values_of(one, state.known, "mail a@b.example") == {"[EMAIL_1]": "a@b.example"}


@pytest.mark.parametrize(
    ("label", "one", "other"),
    [
        ("PHONE", "+44 20 7946 0958", "0044 20 7946 0958"),
        ("PHONE", "+44 20 7946 0958", "+44 (0)20-7946.0958"),
        ("PHONE", "+442079460958", "+44-(0)20 7946 0958"),
        ("NAME", "Jos\u00e9 D\u00edaz", "Jose\u0301 Di\u0301az"),
        ("NAME", "O'Brien", "O\u2019Brien"),
        ("CREDIT_CARD", "4111 1111 1111 1111", "\uff14111-1111\u00a01111\u200b1111"),
        ("EMAIL", "Jo@mail.example", "jo@\u200bmail.example"),
        ("IBAN", "GB29 NWBK 6016 1331 9268 19", "gb29-nwbk-6016-1331-9268-19"),
    ],
)
def test_ways_to_write_one_value_have_one_tag(label: str, one: str, other: str) -> None:
    assert TAG_OF(label, one) == TAG_OF(label, other)


@pytest.mark.parametrize(
    ("label", "one", "other"),
    [
        ("IP_ADDRESS", "10.1.11.1", "10.11.1.1"),
        ("DATE_OF_BIRTH", "12/3/1990", "1/23/1990"),
        ("COORDINATES", "52.5200, -13.4050", "52.5200, 13.4050"),
        ("EMAIL", "a-b@mail.example", "ab@mail.example"),
        ("PHONE", "+44 20 7946 0958", "+44 20 7946 0959"),
    ],
)
def test_marks_that_tell_values_apart_tell_their_tags_apart(label: str, one: str, other: str) -> None:
    assert TAG_OF(label, one) != TAG_OF(label, other)
