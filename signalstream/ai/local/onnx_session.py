"""A model on onnxruntime: one thread, on the processor, nothing printed."""

from __future__ import annotations

from typing import Any

from signalstream.errors import ModelUnavailableError


def session_of(model: bytes, what: str) -> Any:
    """Return the session of a model's file. Raises ModelUnavailableError that names ``what`` could not be loaded."""
    try:
        import onnxruntime  # noqa: PLC0415 - not needed, and not loaded, where there is no model
    except ImportError as error:
        raise ModelUnavailableError(f"{what} needs the package onnxruntime: {error}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it keeps what the longest text took, and gains no time with one thread
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model, sess_options=options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises plain classes of its own, one for each kind of fault
        raise ModelUnavailableError(f"onnxruntime cannot load {what}: {error}") from error


def tokenizer_of(content: bytes, what: str) -> Any:
    """Return the tokenizer of a file. Raises ModelUnavailableError, as above."""
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 - as above
    except ImportError as error:
        raise ModelUnavailableError(f"{what} needs the package tokenizers: {error}") from error
    return Tokenizer.from_str(content.decode())
