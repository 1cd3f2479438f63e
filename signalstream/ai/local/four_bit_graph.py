"""Makes the graph of a model with four-bit weights compute in integers: more than twice as fast as it comes.

Rampart keeps its weights in four bits, a scale for each block of some thirty, and turns them into floats in every
product (``MatMulNBits``). Here each of these, except those of the last layer, becomes ``DynamicQuantizeMatMul`` with
the same weights in eight bits and one scale for each column. That rounds once more, by less than the four bits did.

As with the encoder (``integer_graph``) a text must be read alone: its neighbours in a batch would change its figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from signalstream.ai.local.onnx_graph import (
    GRAPH_INITIALIZER,
    GRAPH_NODE,
    Node,
    array_of,
    integer_product,
    name_of,
    node_of,
    rewritten,
    tensor_of,
)
from signalstream.ai.local.protobuf_fields import BYTES, Field, message_of

_PRODUCT = b"MatMulNBits"
_LAST_LAYER = b"classifier"
_ZERO = 8  # what stands for 0 in the file's four bits
_LARGEST = 127


def in_eight_bits(model: bytes) -> bytes:
    """Return the model with eight-bit products. Raises ModelUnavailableError for a graph that is not of this kind."""
    return rewritten(model, "Rampart", _in_eight_bits)


def _in_eight_bits(graph: list[Field]) -> bytes:
    tensors = {name_of(value): value for number, _, value in graph if number == GRAPH_INITIALIZER}
    nodes = [node_of(value) for number, _, value in graph if number == GRAPH_NODE]
    changed = [one for one in nodes if one.operation == _PRODUCT and _LAST_LAYER not in one.outputs[0]]
    if not changed:
        raise ValueError("it has no products with four-bit weights")
    gone = {name for one in changed for name in one.inputs[1:]}
    raws = {one.raw for one in changed}
    return message_of(
        [
            *((GRAPH_NODE, BYTES, _integer(one) if one.raw in raws else one.raw) for one in nodes),
            *((GRAPH_INITIALIZER, BYTES, tensor) for one in changed for tensor in _weights(one, tensors)),
            *(field for field in graph if not _is_gone(field, gone)),
        ]
    )


def _is_gone(field: Field, gone: set[bytes]) -> bool:
    return field[0] == GRAPH_NODE or (field[0] == GRAPH_INITIALIZER and name_of(field[2]) in gone)


def _integer(node: Node) -> bytes:
    if len(node.inputs) != 3:
        raise ValueError("a product has weights of a kind that is not known here")
    left, name, _ = node.inputs
    return integer_product(left, name + b"_int8", name + b"_columns", node.outputs[0])


def _weights(node: Node, tensors: Mapping[bytes, bytes]) -> Iterator[bytes]:
    _, name, scales = node.inputs
    rows, columns = eight_bits(array_of(tensors[name]), array_of(tensors[scales]))
    yield tensor_of(name + b"_int8", rows)
    yield tensor_of(name + b"_columns", columns)


def eight_bits(packed: NDArray[np.uint8], scales: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return the weights (inputs, outputs) in eight bits, and the scale of each output.

    ``packed`` has the shape (outputs, blocks, bytes of a block), two weights in a byte, the lower four bits first;
    ``scales`` has the shape (outputs, blocks).
    """
    halves = np.stack([packed & 15, packed >> 4], axis=-1).reshape(*packed.shape[:2], -1)
    weights = (halves.astype(np.float32) - _ZERO) * scales[:, :, None]
    weights = weights.reshape(len(weights), -1)
    columns = np.maximum(np.abs(weights).max(axis=1) / _LARGEST, np.finfo(np.float32).tiny)
    rounded = np.rint(weights / columns[:, None]).astype(np.int8)
    return np.ascontiguousarray(rounded.T), columns.astype(np.float32)
