"""Linear heads: what was written is what is read, and an altered file is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from signalstream.ai.local.head_files import HEADS, INDEX, read_head, text_array, text_lines
from signalstream.ai.local.heads import Head, head_of, softmax, terms
from signalstream.ai.local.minilm import DIMENSIONS
from signalstream.errors import ModelUnavailableError

LISTED = sorted(json.loads((HEADS / INDEX).read_text(encoding="utf-8")))


def small_head() -> Head:
    """A head of two labels that knows four terms; the encoder's vector and one sign count a little."""
    return head_of(
        {
            "labels": text_array(["bad", "good"]),
            "words": text_array(["awful", "but", "nice", "very nice"]),
            "idf": np.array([5.0, 1.0, 5.0, 10.0]),
            "word_weights": np.array([[2.0, -2.0], [1.0, -1.0], [-1.0, 1.0], [-2.0, 2.0]]),
            "vector_weights": np.zeros((DIMENSIONS, 2)),
            "signs": text_array(["exclamation"]),
            "sign_means": np.zeros(1),
            "sign_scales": np.ones(1),
            "sign_weights": np.array([[0.5, -0.5]]),
            "bias": np.zeros(2),
            "temperature": np.array(2.0),
        }
    )


def chance_of_good(text: str, sign: float = 0.0) -> float:
    return float(small_head().probabilities(text, np.zeros(DIMENSIONS, dtype=np.float32), [sign])[1])


def test_words_vector_and_signs_move_the_probabilities() -> None:
    assert chance_of_good("nothing known") == pytest.approx(0.5)
    assert chance_of_good("awful") < 0.2
    assert chance_of_good("very nice") > chance_of_good("nice") > 0.6
    assert chance_of_good("nice", sign=1.0) < chance_of_good("nice")


def test_a_sign_beyond_all_measure_counts_like_a_large_one() -> None:
    assert chance_of_good("nice", sign=1e9) == chance_of_good("nice", sign=4.0)


def test_the_telling_words_are_those_that_spoke_for_the_label() -> None:
    head = small_head()
    assert head.telling_words("A very nice but awful day", 1, 5) == ["nice"]
    assert head.telling_words("A very nice but awful day", 0, 5) == ["awful"]  # "but" stands in any text


def test_how_much_of_a_text_it_knows() -> None:
    head = small_head()
    assert head.known_share("nice awful") == 1
    assert head.known_share("nice etwas anderes awful") == 0.5
    assert head.known_share("12 !!") == 0


def test_handles_links_and_numbers_are_one_word_each() -> None:
    assert terms("@shop see https://a.example/b for 42!") == [
        *("xhandle", "see", "xlink", "for", "xnumber", "!"),
        *("xhandle see", "see xlink", "xlink for", "for xnumber", "xnumber !"),
    ]


def test_softmax_adds_up_to_one_and_a_high_temperature_evens_out() -> None:
    scores = np.array([[1000.0, 999.0, -1000.0]], dtype=np.float32)
    assert softmax(scores).sum() == pytest.approx(1)
    assert softmax(scores, 10).max() < softmax(scores).max()


def test_lines_survive_as_bytes() -> None:
    assert text_lines(text_array(["a b", "", "é"])) == ["a b", "", "é"]


@pytest.mark.parametrize("name", LISTED)
def test_every_listed_head_is_there_unaltered(name: str) -> None:
    assert read_head(name)


def test_an_altered_head_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "heads"
    shutil.copytree(HEADS, folder)
    file = folder / f"{LISTED[0]}.npz"
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(ModelUnavailableError, match=rf"{file.name} of signalstream is altered"):
        read_head(LISTED[0], folder)


@pytest.mark.parametrize("index", ["{}", "[", "[]", '{"some": {"file": "some.npz"}}'])
def test_a_head_that_the_index_does_not_describe_is_refused(tmp_path: Path, index: str) -> None:
    (tmp_path / INDEX).write_text(index)
    with pytest.raises(ModelUnavailableError, match="'some' is not listed"):
        read_head("some", tmp_path)


def test_a_head_without_an_array_is_refused_by_its_name() -> None:
    with pytest.raises(ModelUnavailableError, match="no array 'idf'"):
        head_of({"labels": text_array(["a"])})
