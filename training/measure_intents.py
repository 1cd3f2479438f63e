"""``python -m training.measure_intents --data DIR``: how good the head is that is fitted to a tenant's samples.

Nothing is written. Banking77: one question in ten of the training split is kept out. CLINC150: fitted to its training
split, judged on its validation split, with out-of-scope texts beside it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

from signalstream.ai.evaluation.intent import measure
from signalstream.ai.local.intent_heads import head_for
from signalstream.ai.local.minilm import load_minilm
from signalstream.ai.local.taxonomy import Taxonomy
from training.data import Labelled, banking, clinc
from training.vectors import KeptVectors

SEED = 20260101
KEPT_OUT = 10


def main() -> int:
    """Print the figures as JSON; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.measure_intents", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="directory of the labelled data, see training/data.py")
    parser.add_argument("--vectors", type=Path, default=Path(".run/vectors"), help="folder that keeps embedded texts")
    chosen = parser.parse_args()
    model = load_minilm()
    vectors = KeptVectors(model.run, chosen.vectors / model.engine)
    questions = banking(chosen.data)
    order = random.Random(SEED).sample(range(len(questions.texts)), len(questions.texts))  # noqa: S311 - a split
    unseen, seen = order[: len(order) // KEPT_OUT], order[len(order) // KEPT_OUT :]
    figures = {
        "banking77": judged(questions.chosen(seen), questions.chosen(unseen), None, vectors),
        "clinc150": judged(
            clinc(chosen.data, "train"), clinc(chosen.data, "val"), clinc(chosen.data, "oos_val"), vectors
        ),
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 0


def judged(seen: Labelled, unseen: Labelled, outside: Labelled | None, vectors: KeptVectors) -> dict[str, float]:
    """Return the figures of a head that is fitted to ``seen``, on ``unseen`` and on texts that no label fits."""
    samples: dict[str, tuple[str, ...]] = {}
    for text, label in zip(seen.texts, seen.labels, strict=True):
        samples[label] = (*samples.get(label, ()), text)
    taxonomy = Taxonomy(samples)
    head = head_for(taxonomy, vectors.of([text for text, _ in taxonomy.rows()]))
    texts = unseen.texts + (outside.texts if outside else [])
    found = head.probabilities(texts, vectors.of(texts))
    truth = [*unseen.labels, *([None] * len(outside.texts) if outside else [])]
    predicted = [head.labels[place] for place in found.argmax(axis=1)]
    return measure(truth, predicted, [float(sure) for sure in found.max(axis=1)])


if __name__ == "__main__":
    raise SystemExit(main())
