"""What the heads learn from: sentences that come out the same, data read as published, vectors made once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from signalstream.ai.local.minilm import Vectors
from tests.ai.local.support_messages import LABELLED
from training.card import card
from training.data import email_sentences, valence
from training.support_sentences import FRAMES, support_sentences
from training.vectors import KeptVectors


def test_the_same_seed_gives_the_same_sentences_and_every_slot_is_filled() -> None:
    sentences = support_sentences(3, seed=1)
    assert sentences == support_sentences(3, seed=1) != support_sentences(3, seed=2)
    assert len(sentences) == 3 * sum(len(frames) for frames in FRAMES.values())
    assert not [text for text, _ in sentences if "{" in text or "}" in text]


def test_what_the_tests_judge_by_is_never_learned() -> None:
    learned = {text.strip().lower() for text, _ in support_sentences(30, seed=3)}
    assert not learned & {text.lower() for text, _ in LABELLED}


def test_ratings_become_labels(tmp_path: Path) -> None:
    (tmp_path / "vader").mkdir()
    (tmp_path / "vader" / "tweets_GroundTruth.txt").write_text("1\t2.7\tgreat\n2\t-0.2\tmeh\n3\t-1.5\tbad\tday\n")
    read = valence(tmp_path, "tweets")
    assert list(zip(read.texts, read.labels, strict=True)) == [
        ("great", "positive"),
        ("meh", "neutral"),
        ("bad\tday", "negative"),
    ]


def test_sentences_of_e_mails_become_labels(tmp_path: Path) -> None:
    (tmp_path / "email_intent").mkdir()
    (tmp_path / "email_intent" / "Ask0729-fixed.txt").write_text("Yes\tCall me.\nNo\tIt rained.\n\n")
    assert email_sentences(tmp_path).labels == ["request", "other"]


def test_no_text_is_embedded_twice(tmp_path: Path) -> None:
    asked: list[str] = []

    def run(texts: Sequence[str]) -> Vectors:
        asked.extend(texts)
        return np.array([[len(text)] for text in texts], dtype=np.float32)

    for _ in range(2):
        assert KeptVectors(run, tmp_path).of(["a", "bb"]).tolist() == [[1], [2]]
    assert asked == ["a", "bb"]


def test_the_card_names_every_source_and_figure() -> None:
    said = card({"some": {"trained_on": ["a set (its licence)"], "measured": {"F1": 0.5}}})
    assert "## some" in said
    assert "- a set (its licence)" in said
    assert "| F1 | 0.500 |" in said
