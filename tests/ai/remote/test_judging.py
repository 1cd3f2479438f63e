from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.ai.remote.judging import LEAST_LOOP, LONGEST_UNIT, End, Heard, judged, loops
from signalstream.ai.remote.provider import Tokens
from signalstream.errors import AnalystBadOutputError, AnalystError, AnalystRefusedError

VALUE = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.lists(st.text(), max_size=3)
OBJECT = st.dictionaries(st.text(), VALUE, max_size=4)


def heard(text: str | None, end: End = End.COMPLETE) -> Heard:
    return Heard(text, end, "WHY", "m", Tokens(10, 20))


@given(OBJECT)
def test_an_object_is_read_as_it_was_written(value: dict[str, object]) -> None:
    assert judged(heard(json.dumps(value))).value == value


@given(OBJECT, st.sampled_from(["```json\n%s\n```", "```\n%s```", "Sure:\n%s\nBye.", "<think>{hm}</think>%s", " %s\n"]))
def test_what_stands_around_an_object_changes_nothing(value: dict[str, object], around: str) -> None:
    assert judged(heard(around.replace("%s", json.dumps(value)))).value == value


@given(OBJECT, st.sampled_from([End.CUT, End.BLOCKED, End.OTHER]))
def test_an_object_that_did_not_end_by_itself_is_never_an_answer(value: dict[str, object], end: End) -> None:
    with pytest.raises(AnalystError) as caught:
        judged(heard(json.dumps(value), end))
    assert isinstance(caught.value, AnalystRefusedError) is (end is End.BLOCKED)
    assert caught.value.tokens == (10, 20)


@given(st.text())
def test_any_text_is_an_object_or_bad_output(text: str) -> None:
    with contextlib.suppress(AnalystBadOutputError):
        assert isinstance(judged(heard(text)).value, dict)


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        "  ",
        "[1]",
        '[{"a": 1}]',
        "3",
        '"{}"',
        "null",
        '{"a": 1',
        '{"a": NaN}',
        '{"a": 1} {"b": 2}',
        "{'a': 1}",
        "[" * 5_000,
    ],
)
def test_what_is_no_single_object_is_no_answer(text: str | None) -> None:
    with pytest.raises(AnalystBadOutputError):
        judged(heard(text))


@given(st.text(min_size=1, max_size=LONGEST_UNIT), st.text(max_size=50))
def test_a_stretch_over_and_over_is_a_loop_wherever_it_began(unit: str, before: str) -> None:
    run = unit * (LEAST_LOOP // len(unit) + LONGEST_UNIT)
    assert loops(before + run)


@pytest.mark.parametrize("repeated", ["so ", "no\\n", "1", "abc def "])
def test_a_loop_within_a_closed_answer_is_found(repeated: str) -> None:
    closed = '{"a": "%s", "b": "fine"}' % (repeated * 400)
    with pytest.raises(AnalystBadOutputError, match="repeats itself"):
        judged(heard(closed))


def test_numbers_without_end_are_a_loop() -> None:
    assert loops('{"lines": [' + "1, " * 300 + "1]}")


def test_ordinary_answers_are_no_loops() -> None:
    entry = {"id": "m", "lines": [1, 2, 3], "sentiment": "neutral", "evidence": "No, no, no! " * 4}
    results = [{**entry, "id": f"c{number * 7919:x}"} for number in range(40)]
    assert not loops(json.dumps({"results": results}))
    assert not loops(json.dumps({"results": results}, indent=4))


def test_an_answer_that_is_far_too_long_is_refused_before_it_is_looked_through() -> None:
    text = json.dumps({"a": "word " * 400_000})  # 2 MB, and no loop of short stretches at its end
    began = time.thread_time()
    with pytest.raises(AnalystBadOutputError, match="far too many") as caught:
        judged(heard(text))
    assert time.thread_time() - began < 0.005
    assert caught.value.tokens == (10, 20)
    assert judged(heard(json.dumps({"a": [f"word {number}" for number in range(12_000)]}))).value
