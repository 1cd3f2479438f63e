"""all-MiniLM-L6-v2 (int8 weights) on onnxruntime: texts to unit vectors, the mean of the model's token vectors.

The graph is first changed to compute in integers. Processors without the instructions for that may round more than
the heads can bear, so known texts must come out as they did when they were measured; else the graph runs as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signalstream.ai.local.head_files import Arrays, read_head, text_lines
from signalstream.ai.local.integer_graph import in_integers
from signalstream.ai.local.model_files import MINILM, MINILM_TOKENIZER
from signalstream.ai.local.onnx_session import session_of, tokenizer_of

Vectors = NDArray[np.float32]
Run = Callable[[Sequence[str]], Vectors]
DIMENSIONS = 384
MOST_TOKENS = 256
"""What comes after these in a text is not read."""
LEAST_LIKENESS = 0.95
"""Least cosine of a known text's vector with the one that was measured in floats."""
KNOWN_TEXTS = "encoder"
ENCODER = "the encoder"
_MOST_CHARACTERS = 8 * MOST_TOKENS


@dataclass(frozen=True)
class MiniLM:
    """The loaded model. ``run`` may be called from any thread; ``engine`` says how it computes."""

    run: Run
    engine: str


def load_minilm(search: Iterable[str] | None = None, *, integers: bool = True) -> MiniLM:
    """Load the model in a tenth of a second, or half a second in floats.

    ``search`` are directories to look for its package in, by default sys.path. Raises ModelUnavailableError when a file
    or a library is missing or altered.
    """
    model, tokenizer = MINILM.read(search), _tokenizer()
    if integers:
        run = _runner(session_of(in_integers(model), ENCODER), tokenizer, one_by_one=True)
        if likeness(run, read_head(KNOWN_TEXTS)) >= LEAST_LIKENESS:
            return MiniLM(run, "minilm-integers")
    return MiniLM(_runner(session_of(model, ENCODER), tokenizer, one_by_one=False), "minilm-floats")


def likeness(run: Run, known: Arrays) -> float:
    """Return the least cosine between what ``run`` makes of the known texts and their known vectors."""
    vectors = run(text_lines(known["texts"]))
    return float((vectors * unit(known["vectors"].astype(np.float32))).sum(axis=1).min())


def unit(vectors: Vectors) -> Vectors:
    """Return each row with the length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def _tokenizer() -> Any:
    tokenizer = tokenizer_of(MINILM_TOKENIZER.read(), ENCODER)
    tokenizer.enable_truncation(MOST_TOKENS)
    tokenizer.enable_padding()
    return tokenizer


def _runner(session: Any, tokenizer: Any, *, one_by_one: bool) -> Run:
    def together(texts: Sequence[str]) -> Vectors:
        # A lone surrogate is no character; the tokenizer takes none.
        whole = [text[:_MOST_CHARACTERS].encode("utf-8", "replace").decode() for text in texts]
        read = tokenizer.encode_batch(whole)
        ids = np.array([one.ids for one in read], dtype=np.int64)
        mask = np.array([one.attention_mask for one in read], dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return _mean(session.run(None, feeds)[0], mask)

    def run(texts: Sequence[str]) -> Vectors:
        parts = [together([text]) for text in texts] if one_by_one else [together(texts)]
        return unit(np.concatenate(parts))

    return run


def _mean(tokens: Vectors, mask: NDArray[np.int64]) -> Vectors:
    weights = mask[:, :, None].astype(np.float32)
    return np.asarray((tokens * weights).sum(axis=1) / weights.sum(axis=1), dtype=np.float32)
