"""Reads and writes the fields of a protobuf message, without knowing its schema.

Enough to change a few fields of a large message and to copy the rest byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
Field = tuple[int, int, bytes]
"""Field number, wire type, and the value's bytes (without the length, where the wire type has one)."""


def fields(message: bytes) -> Iterator[Field]:
    """Return the fields of a message in their order. Raises ValueError for bytes that are no message."""
    at = 0
    while at < len(message):
        tag, begin = read_varint(message, at)
        kind = tag & 7
        if kind == BYTES:
            length, begin = read_varint(message, begin)
            at = begin + length
        elif kind == VARINT:
            _, at = read_varint(message, begin)
        elif kind in (FIXED32, FIXED64):
            at = begin + (4 if kind == FIXED32 else 8)
        else:
            raise ValueError(f"a field has the unknown wire type {kind}")
        if at > len(message):
            raise ValueError("it ends within a field")
        yield tag >> 3, kind, message[begin:at]


def message_of(content: Iterable[Field]) -> bytes:
    """Return the message that has these fields."""
    parts: list[bytes] = []
    for number, kind, value in content:
        parts += (varint(number << 3 | kind), varint(len(value)) if kind == BYTES else b"", value)
    return b"".join(parts)


def read_varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number at ``at`` and the place behind it. Raises ValueError when it has no end."""
    value = shift = 0
    while at < len(message) and shift < 70:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("it ends within a number")


def varint(value: int) -> bytes:
    """Return the bytes of a number, which must not be negative."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
