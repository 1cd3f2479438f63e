"""Overlaps, placeholders and applying them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.redaction import Span, apply_spans, joined, resolve


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


def test_what_patterns_found_stands_and_a_model_gives_way() -> None:
    text = "Jane Doe, jane@mail.example, Leeds"
    found = joined(text, [span(10, 27)], [span(0, 8, "name"), span(5, 34, "address")])
    assert [(one.kind, text[one.start : one.end]) for one in found] == [
        ("address", "Jane Doe"),
        ("email", "jane@mail.example"),
        ("address", "Leeds"),
    ]


def test_what_a_model_found_beyond_a_pattern_of_the_same_kind_is_joined_to_it() -> None:
    text = "at 12 Main Street, Leeds LS1 4AP now"
    checked = [span(3, 17, "address"), span(25, 32, "address", 1.0)]
    [first, second] = joined(text, checked, [span(3, 32, "address", 0.5)])
    assert (text[first.start : first.end], first.confidence) == ("12 Main Street, Leeds", 0.9)
    assert text[second.start : second.end] == "LS1 4AP"


def test_marks_and_spaces_alone_are_not_masked() -> None:
    assert joined("a@b.co, ", [span(0, 6)], [span(0, 8, "name")]) == (span(0, 6),)


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
    assert resolve(reversed(spans)) == resolved


@given(TEXTS, SPANS, SPANS)
def test_joined_spans_never_overlap_and_leave_no_letter_of_what_was_found(
    text: str, checked: list[Span], likely: list[Span]
) -> None:
    whole = joined(text, checked, likely)
    assert all(before.end <= after.start for before, after in pairwise(whole))
    covered = {place for one in whole for place in range(one.start, one.end)}
    found = {place for one in (*checked, *likely) for place in range(one.start, one.end)}
    assert {place for place in found if place < len(text) and text[place].isalnum()} <= covered


@given(TEXTS, SPANS, SPANS)
def test_joining_does_not_depend_on_the_order_and_keeps_what_patterns_found(
    text: str, checked: list[Span], likely: list[Span]
) -> None:
    whole = joined(text, checked, likely)
    assert joined(text, checked[::-1], likely[::-1]) == whole
    for one in resolve(checked):
        assert any(other.start <= one.start and one.end <= other.end and other.kind == one.kind for other in whole)


@given(TEXTS, SPANS)
def test_what_stands_between_the_spans_is_kept_to_the_letter(text: str, spans: list[Span]) -> None:
    resolved = resolve(spans)
    marks = ["\ue000"] * len(resolved)
    kept = "".join(
        character for place, character in enumerate(text) if not any(one.start <= place < one.end for one in resolved)
    )
    assert apply_spans(text, resolved, marks).replace("\ue000", "") == kept.replace("\ue000", "")
