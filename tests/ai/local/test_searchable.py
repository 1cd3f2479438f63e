"""The plain form that patterns see, and the way back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalstream.ai.local.searchable import FILLER, masked, searchable
from signalstream.core.redaction import Span


def test_plain_text_is_searched_as_it_is() -> None:
    view = searchable("call 415-555-0123")
    assert (view.plain, view.offsets) == ("call 415-555-0123", None)


def test_unseen_characters_are_skipped_and_the_way_back_covers_them() -> None:
    written = "x 4\u200b1\u200b2 y"
    view = searchable(written)
    assert view.plain == "x 412 y"
    back = view.origin(Span(2, 5, "phone", "test", 1.0))
    assert written[back.start : back.end] == "4\u200b1\u200b2"


def test_wide_digits_long_dashes_and_hard_spaces_are_made_plain() -> None:
    assert searchable("\uff14\uff12\u2013\u0664\u00a01").plain == "42-4 1"


def test_placeholders_are_filled_in_and_brackets_of_others_are_not() -> None:
    assert searchable("[EMAIL_1] [see 1]").plain == FILLER * 9 + " [see 1]"


@given(st.text(max_size=100), st.integers(0, 50), st.integers(1, 50))
def test_filling_in_keeps_the_length(text: str, start: int, size: int) -> None:
    plain = searchable(text).plain
    end = min(start + size, len(plain))
    spans = [Span(start, end, "name", "test", 1.0)] if start < end else []
    assert len(masked(plain, spans)) == len(plain)
