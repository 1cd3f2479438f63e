"""Overlaps, placeholders and applying them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.redaction import Span, apply_spans, placeholders, redacted, resolve


def span(start: int, end: int, kind: str = "email", confidence: float = 0.9) -> Span:
    return Span(start, end, kind, "test", confidence)


SPANS = st.lists(
    st.builds(
        lambda start, size, kind, confidence: span(start, start + size, kind, confidence),
        st.integers(0, 60),
        st.integers(0, 20),
        st.sampled_from(["email", "phone", "name"]),
        st.sampled_from([0.6, 0.9, 1.0]),
    ),
    max_size=12,
)
TEXTS = st.text(min_size=80, max_size=90)


def test_overlapping_spans_become_one_named_after_the_longest() -> None:
    assert resolve([span(5, 12, "phone"), span(0, 8, "iban"), span(20, 22)]) == (
        span(0, 12, "iban"),
        span(20, 22),
    )


def test_of_equally_long_spans_the_more_certain_names_the_kind() -> None:
    assert resolve([span(0, 9, "password", 0.6), span(0, 9, "ssn", 1.0)]) == (span(0, 9, "ssn", 1.0),)


def test_spans_that_touch_stay_apart() -> None:
    assert len(resolve([span(0, 3), span(3, 6)])) == 2


def test_the_same_value_keeps_its_number_however_it_is_written() -> None:
    text = "4111-1111 and 4111 1111 and 4222"
    spans = (span(0, 9, "credit_card"), span(14, 23, "credit_card"), span(28, 32, "credit_card"))
    assert placeholders(text, spans) == ("[CREDIT_CARD_1]", "[CREDIT_CARD_1]", "[CREDIT_CARD_2]")


def test_numbers_in_use_are_not_given_out_again() -> None:
    assert placeholders("[EMAIL_3] a@b.co", (span(10, 16),)) == ("[EMAIL_4]",)


def test_kinds_have_numbers_of_their_own() -> None:
    text = "a@b.co 5550"
    assert redacted(text, [span(0, 6), span(7, 11, "phone")]) == "[EMAIL_1] [PHONE_1]"


def test_offsets_count_code_points() -> None:
    assert redacted("😀😀 a@b.co 👩‍👩‍👧", [span(3, 9)]) == "😀😀 [EMAIL_1] 👩‍👩‍👧"


@given(SPANS)
def test_resolved_spans_never_overlap_and_cover_everything_that_was_found(spans: list[Span]) -> None:
    resolved = resolve(spans)
    assert all(before.end <= after.start for before, after in pairwise(resolved))
    covered = {place for one in resolved for place in range(one.start, one.end)}
    assert covered == {place for one in spans for place in range(one.start, one.end)}


@given(SPANS)
def test_resolving_is_stable_and_order_does_not_matter(spans: list[Span]) -> None:
    resolved = resolve(spans)
    assert resolve(resolved) == resolved
    assert [(one.start, one.end) for one in resolve(reversed(spans))] == [(one.start, one.end) for one in resolved]


@given(TEXTS, SPANS)
def test_what_stands_between_the_spans_is_kept_to_the_letter(text: str, spans: list[Span]) -> None:
    resolved = resolve(spans)
    marks = ["\ue000"] * len(resolved)
    kept = "".join(
        character for place, character in enumerate(text) if not any(one.start <= place < one.end for one in resolved)
    )
    assert apply_spans(text, resolved, marks).replace("\ue000", "") == kept.replace("\ue000", "")
