"""The figures of personal data: what they count, and that a mistake moves the right one."""

from __future__ import annotations

import pytest

from signalstream.ai.evaluation.pii import LabelledEntity, LabelledText, pii_figures, read_labelled
from signalstream.errors import ConfigurationError

TEXT = "ask Jane Doe at a@b.co"


def entity(kind: str, start: int, end: int) -> LabelledEntity:
    return LabelledEntity(type=kind, start=start, end=end)


NAME, MAIL = entity("name", 4, 12), entity("email", 16, 22)
TEXTS = [LabelledText(text=TEXT, entities=(NAME, MAIL)), LabelledText(text="where is it")]


def test_everything_found_is_one_and_nothing_else_is_masked() -> None:
    figures = pii_figures(TEXTS, [[NAME, MAIL], []])
    assert {name for name, value in figures.items() if value == 0} == {"others_masked", "clean_flagged"}
    assert {value for name, value in figures.items() if not name.startswith(("others", "clean"))} == {1.0}


def test_a_half_masked_name_counts_its_characters_and_is_not_masked_whole() -> None:
    figures = pii_figures(TEXTS, [[entity("name", 4, 8), MAIL], []])
    assert figures["characters_masked"] == 8 / 11
    assert (figures["entities_masked"], figures["masked/name"], figures["masked/email"]) == (0.5, 0.0, 1.0)
    assert figures["recall/name"] == 1.0


def test_a_value_under_the_wrong_type_is_masked_but_neither_precise_nor_recalled() -> None:
    figures = pii_figures(TEXTS, [[entity("address", 4, 12), MAIL], []])
    assert figures["characters_masked"] == 1.0
    assert (figures["precision/address"], figures["recall/name"]) == (0.0, 0.0)
    assert "recall/address" not in figures


def test_a_clean_text_that_is_flagged_counts() -> None:
    figures = pii_figures(TEXTS, [[NAME, MAIL], [entity("name", 0, 5)]])
    assert (figures["clean_flagged"], figures["precision/name"]) == (1.0, 0.5)
    assert figures["others_masked"] == 5 / (5 + 4 + 5)


def test_nothing_to_count_gives_no_figure() -> None:
    assert pii_figures([], []) == {}


def test_labelled_lines_are_read_and_empty_ones_passed() -> None:
    line = '{"text": "ask Jane", "entities": [{"type": "name", "start": 4, "end": 8}]}'
    assert list(read_labelled([line, "", '{"text": "hi"}'])) == [
        LabelledText(text="ask Jane", entities=(entity("name", 4, 8),)),
        LabelledText(text="hi"),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2 is no labelled text"),
        ('{"txt": "a"}', "line 2 is no labelled text"),
        (
            '{"text": "ab", "entities": [{"type": "name", "start": 1, "end": 3}]}',
            "line 2: the name at 1-3 does not lie",
        ),
        (
            '{"text": "ab", "entities": [{"type": "name", "start": 1, "end": 1}]}',
            "line 2: the name at 1-1 does not lie",
        ),
    ],
)
def test_a_line_that_is_not_one_is_named(line: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        list(read_labelled(['{"text": "ok"}', line]))
