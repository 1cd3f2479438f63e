"""``python -m training --data DIR --out FOLDER``: train the heads, and write them with hashes, figures and a card."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signalstream.ai.local import minilm, ner
from signalstream.ai.local.head_files import HEADS, INDEX
from signalstream.ai.local.minilm import load_minilm
from training import requests, sentiment
from training.card import card
from training.known_texts import known_readings, known_texts
from training.vectors import KeptVectors

TRAINERS = {"sentiment": sentiment, "requests": requests}


def main() -> int:
    """Train what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="directory of the labelled data, see training/data.py")
    parser.add_argument("--out", type=Path, default=HEADS, help="folder that the heads are written to")
    parser.add_argument("--vectors", type=Path, default=Path(".run/vectors"), help="folder that keeps embedded texts")
    parser.add_argument("--only", choices=[*TRAINERS], action="append", help="train these heads, by default all")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    for known, arrays in ((minilm.KNOWN_TEXTS, known_texts()), (ner.KNOWN_TEXTS, known_readings())):
        _write(chosen.out, known, arrays, {}, ("texts written for this project",))
    model = load_minilm()
    sys.stderr.write(f"embedding with {model.engine}\n")
    vectors = KeptVectors(model.run, chosen.vectors / model.engine)
    for name in chosen.only or TRAINERS:
        begun = time.monotonic()
        arrays, figures = TRAINERS[name].train(chosen.data, vectors)
        _write(chosen.out, name, arrays, figures, TRAINERS[name].SOURCES)
        sys.stderr.write(f"{name}: {time.monotonic() - begun:.0f} s {json.dumps(figures, indent=1)}\n")
    (chosen.out / "README.md").write_text(card(_index(chosen.out)), encoding="utf-8")
    return 0


def _write(
    folder: Path, name: str, arrays: dict[str, NDArray[Any]], figures: dict[str, float], sources: tuple[str, ...]
) -> None:
    path = folder / f"{name}.npz"
    np.savez_compressed(path, **arrays)
    index = _index(folder)
    index[name] = {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "trained_on": list(sources),
        "measured": {figure: round(value, 4) for figure, value in figures.items()},
    }
    (folder / INDEX).write_text(json.dumps(index, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _index(folder: Path) -> dict[str, Any]:
    path = folder / INDEX
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


if __name__ == "__main__":
    raise SystemExit(main())
