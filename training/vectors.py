"""The encoder's vectors of many texts, kept on disk so that no text is embedded twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from signalstream.ai.local.minilm import Run, Vectors


class KeptVectors:
    """Embeds by ``run`` what ``folder`` does not hold yet. A change of the model needs an empty folder."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def of(self, texts: Sequence[str]) -> Vectors:
        """Return an array with a row for each text."""
        digest = hashlib.sha256("\x00".join(texts).encode()).hexdigest()[:20]
        path = self._folder / f"{digest}.npy"
        if not path.exists():
            parts = [self._run(texts[at : at + 16]) for at in range(0, len(texts), 16)]
            np.save(path, np.concatenate(parts))
        return np.asarray(np.load(path), dtype=np.float32)
