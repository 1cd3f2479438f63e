"""Reads and writes parts of a model in the ONNX format, as far as changing its products asks for.

No library for graphs is needed at run time: nodes and tensors are protobuf messages, see ``protobuf_fields``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signalstream.ai.local.protobuf_fields import BYTES, VARINT, Field, fields, message_of, read_varint, varint
from signalstream.errors import ModelUnavailableError

# Field numbers of onnx.proto3.
GRAPH_NODE, GRAPH_INITIALIZER = 1, 5
TENSOR_DIMS, TENSOR_NAME = 1, 8
_MODEL_GRAPH = 7
_NODE_INPUT, _NODE_OUTPUT, _NODE_OPERATION, _NODE_ATTRIBUTE, _NODE_DOMAIN = 1, 2, 4, 5, 7
_TENSOR_TYPE, _TENSOR_BYTES = 2, 9
_ATTRIBUTE_NAME, _ATTRIBUTE_NUMBER, _ATTRIBUTE_TYPE = 1, 3, 20
_INTEGER_ATTRIBUTE = 2
_TYPES = {"float32": 1, "uint8": 2, "int8": 3}
FLOAT = _TYPES["float32"]
MICROSOFT = b"com.microsoft"


@dataclass(frozen=True)
class Node:
    """One operation; ``raw`` is its message."""

    raw: bytes
    operation: bytes
    inputs: tuple[bytes, ...]
    outputs: tuple[bytes, ...]


def rewritten(model: bytes, what: str, change: Callable[[list[Field]], bytes], *added: Field) -> bytes:
    """Return the model with its graph changed, and with the fields ``added``.

    Raises ModelUnavailableError where ``change`` raises ValueError: ``what`` is not of the kind that it knows.
    """
    try:
        content = list(fields(model))
        graph = change(list(fields(b"".join(value for number, _, value in content if number == _MODEL_GRAPH))))
    except ValueError as error:
        raise ModelUnavailableError(f"the graph of {what} cannot be computed in integers: {error}") from error
    kept = [(number, kind, graph if number == _MODEL_GRAPH else value) for number, kind, value in content]
    return message_of([*kept, *added])


def node_of(raw: bytes) -> Node:
    """Return the node that a message holds."""
    content = list(fields(raw))
    operation = b"".join(value for number, _, value in content if number == _NODE_OPERATION)
    inputs = tuple(value for number, _, value in content if number == _NODE_INPUT)
    return Node(raw, operation, inputs, tuple(value for number, _, value in content if number == _NODE_OUTPUT))


def written(operation: bytes, inputs: Iterable[bytes], output: bytes, domain: bytes = b"", to: int = 0) -> bytes:
    """Return the message of a node with one output; ``to`` is the type of a Cast."""
    content: list[Field] = [(_NODE_INPUT, BYTES, one) for one in inputs]
    content += [(_NODE_OUTPUT, BYTES, output), (_NODE_OPERATION, BYTES, operation)]
    if to:
        attribute: list[Field] = [(_ATTRIBUTE_NAME, BYTES, b"to"), (_ATTRIBUTE_NUMBER, VARINT, varint(to))]
        attribute.append((_ATTRIBUTE_TYPE, VARINT, varint(_INTEGER_ATTRIBUTE)))
        content.append((_NODE_ATTRIBUTE, BYTES, message_of(attribute)))
    return message_of([*content, (_NODE_DOMAIN, BYTES, domain)])


def integer_product(left: bytes, weights: bytes, scales: bytes, output: bytes) -> bytes:
    """Return a node that rounds ``left`` to eight bits and multiplies it by int8 weights, a scale for each column."""
    return written(b"DynamicQuantizeMatMul", (left, weights, scales), output, MICROSOFT)


def name_of(tensor: bytes) -> bytes:
    """Return the name of a tensor's message."""
    return next((value for number, _, value in fields(tensor) if number == TENSOR_NAME), b"")


def shape_of(content: Sequence[Field]) -> tuple[int, ...]:
    """Return the shape that the fields of a tensor name."""
    return tuple(
        length
        for number, kind, value in content
        if number == TENSOR_DIMS
        for length in ([read_varint(value, 0)[0]] if kind == VARINT else _packed(value))
    )


def array_of(tensor: bytes) -> NDArray[Any]:
    """Return the numbers of a tensor. Raises ValueError for a type or a layout that is not known here."""
    content = list(fields(tensor))
    names = {number: name for name, number in _TYPES.items()}
    [kind] = [read_varint(value, 0)[0] for number, _, value in content if number == _TENSOR_TYPE]
    [raw] = [value for number, _, value in content if number == _TENSOR_BYTES]
    if kind not in names:
        raise ValueError(f"a tensor has the unknown type {kind}")
    return np.frombuffer(raw, dtype=names[kind]).reshape(shape_of(content))


def tensor_of(name: bytes, array: NDArray[Any]) -> bytes:
    """Return the message of a tensor."""
    return message_of(
        [
            *((TENSOR_DIMS, VARINT, varint(length)) for length in array.shape),
            (_TENSOR_TYPE, VARINT, varint(_TYPES[array.dtype.name])),
            (TENSOR_NAME, BYTES, name),
            (_TENSOR_BYTES, BYTES, array.tobytes()),
        ]
    )


def _packed(value: bytes) -> Iterator[int]:
    at = 0
    while at < len(value):
        number, at = read_varint(value, at)
        yield number
