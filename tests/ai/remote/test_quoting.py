"""A quoted value is found where it stands, in code points of the message; what is not there is not found."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.ai.remote.quoting import located
from signalstream.ai.remote.wire import PiiKind, PiiQuote


def found(text: str, quote: str) -> list[str]:
    item = PiiQuote(quote=quote, kind=PiiKind.NAME)
    return [text[span.start : span.end] for span in located(text, item)]


@pytest.mark.parametrize(
    ("text", "quote", "values"),
    [
        ("🙂 ask Emily Whitfield", "Emily Whitfield", ["Emily Whitfield"]),
        ("ask EMILY  whitfield, or Emily\nWhitfield", "Emily Whitfield", ["EMILY  whitfield", "Emily\nWhitfield"]),
        ("ask Em\u00adily", "Emily", ["Em\u00adily"]),
        ("tel. \uff14\uff11\uff15 555", "415 555", ["\uff14\uff11\uff15 555"]),
        ("我叫王小明住在北京", "王小明", ["王小明"]),
        ("mein Name: Jürgen-Peter.", "Jürgen-Peter", ["Jürgen-Peter"]),
        ("[NAME_1] Whitfield is here", "[NAME_1] Whitfield", ["Whitfield"]),
        ("Annabel and Ann", "Ann", ["Ann"]),
        ("Emily", "Emma", []),
        ("Emily", "", []),
        ("Emily", "y", []),
        ("A [NAME_1] B", "[NAME_1]", []),
        ("Ann [NAME_1] Lee", "Ann [NAME_1] Lee", []),
        ("a.b*c", "a.b*c", ["a.b*c"]),
        ("axb", "a.b", []),
    ],
)
def test_a_quote_is_found_where_it_stands(text: str, quote: str, values: list[str]) -> None:
    assert found(text, quote) == values


def test_only_so_much_of_a_quote_is_looked_for() -> None:
    assert found("x" * 500, "x" * 500) == []
    assert found("y " * 100, "y " * 90) == [("y " * 90).strip()]


@given(st.text(max_size=80), st.text(max_size=20))
def test_what_is_found_reads_like_the_quote(text: str, quote: str) -> None:
    spans = list(located(text, PiiQuote(quote=quote, kind=PiiKind.NAME)))
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
