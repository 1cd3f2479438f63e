"""The labelled data, as it lies in a directory: one folder for each set, the files as their publishers wrote them."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

VALENCE_OF_NEUTRAL = 0.5
"""A text whose mean valence (-4 to 4, of 20 raters) is smaller than this is neutral."""


@dataclass(frozen=True)
class Labelled:
    """Texts with a label each; ``weight`` is what one of them counts against one of another set."""

    texts: list[str]
    labels: list[str]
    weight: float = 1.0

    def chosen(self, places: list[int]) -> Labelled:
        """Return those at the places."""
        return Labelled([self.texts[at] for at in places], [self.labels[at] for at in places], self.weight)


def valence(data: Path, name: str) -> Labelled:
    """Return ``tweets`` or ``amazonReviewSnippets`` of the VADER ground truth as positive, neutral, negative."""
    lines = (data / "vader" / f"{name}_GroundTruth.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    rows = [line.split("\t", 2) for line in lines]
    return Labelled([row[2] for row in rows], [_polarity(float(row[1])) for row in rows])


def _polarity(value: float) -> str:
    if abs(value) < VALENCE_OF_NEUTRAL:
        return "neutral"
    return "positive" if value > 0 else "negative"


def banking(data: Path) -> Labelled:
    """Return the training questions of Banking77 with their intents."""
    with (data / "banking77" / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Labelled([row["text"] for row in rows], [row["category"] for row in rows])


def clinc(data: Path, split: str) -> Labelled:
    """Return a split of CLINC150 (``train``, ``val``, ``oos_train``, ``oos_val``) with its intents."""
    rows = json.loads((data / "clinc150" / "data_dev.json").read_text(encoding="utf-8"))[split]
    return Labelled([text for text, _ in rows], [intent for _, intent in rows])


def email_sentences(data: Path) -> Labelled:
    """Return sentences of e-mails: ``request`` for a request or a commitment, else ``other``."""
    content = (data / "email_intent" / "Ask0729-fixed.txt").read_text(encoding="utf-8", errors="replace")
    rows = [line.split("\t", 1) for line in content.split("\n") if "\t" in line]
    return Labelled([row[1] for row in rows], ["request" if row[0] == "Yes" else "other" for row in rows])


def tweets_to_measure(data: Path) -> Labelled:
    """Return the validation split of TweetEval's sentiment task. It is for measuring: no weights come from it."""
    folder = data / "tweeteval"
    names = dict(enumerate(("negative", "neutral", "positive")))
    labels = [names[int(line)] for line in (folder / "val_labels.txt").read_text().split()]
    return Labelled((folder / "val_text.txt").read_text(encoding="utf-8").rstrip("\n").split("\n"), labels)
